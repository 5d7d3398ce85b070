/*
 * topo_codec: JSON <-> topo (core). design.md, "Topology document" and the `topology:*` keys of the Redis contract.
 *
 * Two ways in, one set of checks: a whole document (`dpwatch topology load FILE`), and single records as they stand in the
 * Redis hashes. All or nothing: every fault found is listed with its JSON path, and then there is no snapshot.
 */
#ifndef DPWATCH_CORE_TOPO_CODEC_H
#define DPWATCH_CORE_TOPO_CODEC_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/topo.h"
#include "util/slice.h"

/* In the order in which a builder takes them. */
enum topo_kind { TOPO_SWITCH, TOPO_LINK, TOPO_HOST, TOPO_PORT, TOPO_KIND_MAX };
extern const char *const
    topo_kind_names[TOPO_KIND_MAX]; /* switch, link, host, port: `kind` of topology:changes */
extern const char *const
    topo_kind_plurals[TOPO_KIND_MAX]; /* switches, links, ...: document members and Redis keys */

/* What is wrong (or, with `warning`, odd but taken). */
struct topo_fault {
	/* "ports[3].attachments[0]", "topology:ports <id>.host", "line 7, column 3", or "document" for the whole */
	char *path;
	char *reason; /* both are UTF-8 without control characters, whatever the document holds */
	bool warning;
};

/* A bounded list: the first TOPO_FAULTS_MAX are kept, of warnings only while it is less than half full; all are counted. */
#define TOPO_FAULTS_MAX 1000
struct topo_faults {
	struct topo_fault *items;
	size_t n;        /* kept */
	size_t n_errors; /* all that are not warnings, also those that were not kept */
	size_t n_warnings;
};
/* A list of its own with the same faults; 0 or -ENOMEM with *ret_faults untouched. */
int topo_faults_copy(const struct topo_faults *faults, struct topo_faults *ret_faults)
    __attribute__((warn_unused_result));
/* Leaves an empty list. */
void topo_faults_release(struct topo_faults *faults);

struct topo_builder;

struct topo_builder *topo_builder_new(void);          /* NULL: out of memory */
void topo_builder_free(struct topo_builder *builder); /* NULL is fine; at any time */

/*
 * Takes one object. Kinds come in the order of enum topo_kind (all switches first): what an object refers to must be there.
 * `path` names it in faults ("ports[3]"); `key` is its Redis hash field, which must be what topo_record_key() says, or NULL.
 * Faults go to topo_builder_faults(); the object is then left out, and the whole will be refused. All is borrowed, during
 * the call. A call takes some 5 us, however much was added before (a switch or host: by what it lists).
 */
void topo_builder_add(struct topo_builder *builder, enum topo_kind kind, const char *path,
    const char *key, json_t *value);

/*
 * The same for a JSON text, the value of a Redis hash under `key`; faults name it "topology:ports KEY". A NULL key is not checked. A text that comes
 * again with the same key is no duplicate, because HSCAN may hand out a field twice.
 */
void topo_builder_add_text(
    struct topo_builder *builder, enum topo_kind kind, const char *key, struct slice text);

/* A field of one of the topology's hashes in Redis. */
struct topo_record {
	struct slice key, json;
};

/*
 * The same for n of them, in their order. Many at once are taken quicker than one by one: a port in some 0.5 us. All is
 * borrowed, during the call.
 */
void topo_builder_add_records(
    struct topo_builder *builder, enum topo_kind kind, const struct topo_record *records, size_t n);

/*
 * Before the first object of a kind: how many will come, about. Only makes it quicker; more or fewer may come.
 */
void topo_builder_expect(struct topo_builder *builder, enum topo_kind kind, uint32_t n);

/* Every member of a document, in the right order. Unknown members are faults. The document is borrowed. */
void topo_builder_add_document(struct topo_builder *builder, json_t *document);

/*
 * After the last object: does `budget` (at least 1) rows' worth of the work that makes a snapshot of what was added. A budget
 * of 10,000 takes 1 to 2 ms; a million ports take some 100 ms in all. 1: there is more to do; 0: only
 * topo_builder_finish() is left, which is then quick; -EINVAL when there was any fault; -ENOMEM. For a loop that must not
 * stall; nothing may be added after the first call.
 */
int topo_builder_step(struct topo_builder *builder, unsigned budget);

/*
 * Does what is left to do, and hands out the snapshot. 0 and *ret_topo, which the caller frees with topo_free(); -EINVAL
 * when there was any fault; -ENOMEM. *ret_topo is untouched on failure. Call it once; the builder's working memory is freed
 * already when it succeeds, the builder itself and its faults stay until topo_builder_free().
 */
int topo_builder_finish(struct topo_builder *builder, struct topo **ret_topo);

/* Borrowed until the next call that adds, or topo_builder_free(). */
const struct topo_faults *topo_builder_faults(const struct topo_builder *builder);

/*
 * Parses a document's text, which may begin with a byte order mark. NULL with a fault (line, column) for syntax errors, duplicate
 * keys, a document that is no object, or one nested too deep. The caller owns the reference.
 */
json_t *topo_document_parse(struct slice text, struct topo_faults *faults);

/*
 * Reading helper for programs: text -> snapshot, with all faults. 0, -EINVAL or -ENOMEM; *ret_topo is untouched on failure.
 * *faults is overwritten (warnings also where it succeeds), and the caller's to release. It is left as it was on an -ENOMEM
 * before anything was read: start it as { 0 }.
 */
int topo_from_text(struct slice text, struct topo **ret_topo, struct topo_faults *faults);

/*
 * The hash field under which an object is kept in Redis: a switch's or host's name, a link's "a|b" (ends sorted by bytes, as
 * spelled), a port's id in lower case. Allocated; NULL when the object does not name itself (or memory is out).
 */
char *topo_record_key(enum topo_kind kind, const json_t *value);

/* What a map holds that a load must not take away by mistake. All is borrowed. */
struct topo_outline {
	const uint8_t (*port_ids)[16];
	uint32_t n_ports;
	const char *const *roots; /* names */
	uint32_t n_roots;
};

/* What a new snapshot takes away, for the question whether it needs --force. */
struct topo_loss {
	uint32_t ports_before, ports_removed;
	uint32_t roots_removed; /* roots that are gone, or are switches like any other now */
};
/* Costs a look-up per port of old: some 100 ms for a million. */
void topo_compare(
    const struct topo_outline *old, const struct topo *now, struct topo_loss *ret_loss);

/* More than a tenth of the ports, or any root: design.md, "Topology document". */
bool topo_loss_needs_force(const struct topo_loss *loss);

#endif
