/*
 * topo_build: a snapshot while it is being built (core; private to topo*.c).
 *
 * topo_members.c reads JSON members; topo_switch.c, topo_interfaces.c and topo_records.c whole objects; what they found is
 * declared here, as rows of the snapshot to be. Until topo_finish.c has put them in order, interfaces are numbered as they
 * were declared.
 *
 * A fault is noted where it is found, and reading goes on, so that one load tells every fault. Out of memory is sticky: it
 * is told by topo_builder_finish().
 */
#ifndef DPWATCH_CORE_TOPO_BUILD_H
#define DPWATCH_CORE_TOPO_BUILD_H

#include "core/text.h"
#include "core/topo_codec.h"
#include "core/topo_snapshot.h"

/* Where in the document we are: a chain on the stack, from the object in hand up to the path that the caller named. */
struct at {
	const struct at *up; /* NULL: `member` is the caller's path, as it stands */
	const char *member;  /* NULL: element `index` of the array `up` */
	size_t index;        /* without `up` and `member`: the kind of a record in Redis */
	const char *key;     /* of that record; else NULL */
};
#define AT_MEMBER(up, name) (&(const struct at){ (up), (name), 0, NULL })
#define AT_ELEMENT(up, i) (&(const struct at){ (up), NULL, (i), NULL })

/* What is known of a declared interface until the snapshot is made. */
struct declared {
	uint32_t list;  /* the last list (builder->list) that named it */
	uint32_t place; /* its number in the snapshot */
	bool entry;     /* `interfaces` has an entry for it */
	bool has_members;
};

struct topo_builder {
	struct topo *topo; /* owned until it is handed out */
	struct topo_faults faults;
	bool no_memory;
	struct htab by_text;                /* texts that many objects share are kept once */
	struct htab by_link;                /* links, by their two ends */
	struct htab by_group;               /* groups of hosts' physnets */
	struct rows interfaces;             /* struct declared, beside topo->interfaces */
	struct rows records[TOPO_KIND_MAX]; /* uint32_t per object: hash of its text, 0: none */
	uint32_t record;                    /* the same of the object in hand */
	uint32_t list;                      /* number of the attachment list in hand */
	unsigned phase; /* of the finish; what follows is private to topo_finish.c */
	uint32_t cursor, group, spent;
	struct rows placed; /* struct topo_interface in the final order */
};

/* ---- topo_fault.c ---- */

void topo_fault_add(struct topo_faults *faults, bool warning, const struct at *at,
    const char *format, ...) __attribute__((format(printf, 4, 5)));
#define FAULT(b, at, ...) topo_fault_add(&(b)->faults, false, (at), __VA_ARGS__)
#define WARNING(b, at, ...) topo_fault_add(&(b)->faults, true, (at), __VA_ARGS__)

/* ---- topo_build.c ---- */

/* Keeps a text; with `shared` only once. 0 (also for "") when memory is out, which is noted. */
topo_text build_text(struct topo_builder *b, struct slice text, bool shared);

/* A new row of one of the snapshot's arrays, or NULL when memory is out, which is noted. */
void *build_row(struct topo_builder *b, struct rows *rows);

/* Enters a value into a table; out of memory is noted. */
void build_index(struct topo_builder *b, struct htab *table, uint64_t hash, uint32_t value);

/* New objects of that name, which is not there yet. Their numbers, or TOPO_NONE when memory is out, which is noted. */
uint32_t build_switch(struct topo_builder *b, struct slice name);
uint32_t build_host(struct topo_builder *b, struct slice name);

/* Another name by which sw may call itself in syslog. `at` is for a warning where another switch is called so. */
void build_sender(struct topo_builder *b, const struct at *at, uint32_t sw, topo_text text);

/*
 * The interface of that name, declared if it is new; a logical unit stands for its parent, with a warning. TOPO_NONE when
 * it is no interface's name (a fault) or memory is out (noted).
 */
uint32_t build_interface(
    struct topo_builder *b, const struct at *at, uint32_t sw, struct slice name);

/* "SWITCH:INTERFACE" -> interface, as above; TOPO_NONE with a fault. */
uint32_t build_reference(struct topo_builder *b, const struct at *at, struct slice text);

/* The link between two interfaces in either direction, or TOPO_NONE; and a new one. */
uint32_t build_link_find(const struct topo_builder *b, uint32_t a, uint32_t z);
void build_link(struct topo_builder *b, const struct topo_link *link);

/* A host's group of that physnet (0: its own attachments), or TOPO_NONE. */
uint32_t build_group_find(const struct topo_builder *b, uint32_t host, topo_text physnet);

/* Adds a group whose attachments are already there. Its number, or TOPO_NONE when memory is out, which is noted. */
uint32_t build_group(struct topo_builder *b, const struct topo_group *group);

/* Adds a port of a group. Out of memory is noted. */
void build_port(struct topo_builder *b, const struct topo_port *port);

/* Frees all that only building needs; the snapshot and the faults stay. */
void build_release(struct topo_builder *b);

/* "SWITCH:INTERFACE" for a message, cut to the buffer. Returns buf. */
const char *build_interface_text(
    const struct topo_builder *b, uint32_t interface, char buf[TEXT_QUOTE_MAX]);
#define INTERFACE_TEXT(b, interface) \
	build_interface_text((b), (interface), (char[TEXT_QUOTE_MAX]){ 0 })

/* ---- topo_members.c ---- */

enum member_type { MEMBER_STRING, MEMBER_BOOL, MEMBER_INT, MEMBER_LIST, MEMBER_OBJECT };

/* What an object may hold: a row per member. */
struct member {
	const char *name;
	enum member_type type;
	bool required;
};

/*
 * Reads an object by its table: ret_got[i] is the value of table[i], borrowed, or NULL where it is absent or of the wrong
 * type. Unknown, missing and ill-typed members are faults. False when value is no object (a fault); ret_got is NULLs then.
 */
bool members_read(struct topo_builder *b, const struct at *at, const json_t *value,
    const struct member *table, size_t n, json_t **ret_got);

/* A string's bytes, borrowed from it. */
struct slice member_text(const json_t *string);

/* The same, checked as a name: at most TOPO_NAME_MAX characters, no control character. False with a fault. */
bool member_name(
    struct topo_builder *b, const struct at *at, const json_t *string, struct slice *ret_name);
/* The same, but "" will do. */
bool member_label(
    struct topo_builder *b, const struct at *at, const json_t *string, struct slice *ret_label);

/* "SWITCH:INTERFACE": two names with a colon between, for build_reference(). False with a fault. */
bool member_reference(
    struct topo_builder *b, const struct at *at, const json_t *string, struct slice *ret_text);

/* Element i of a list, which must be a name. False with a fault. `at` is the element's. */
bool element_name(struct topo_builder *b, const struct at *at, const json_t *list, size_t i,
    struct slice *ret_name);

/* Calls add, with `owner` (a switch or an interface), for each element of a list that is a name; the others are faults. */
void element_each_name(struct topo_builder *b, const struct at *at, const json_t *list,
    uint32_t owner, void (*add)(struct topo_builder *, const struct at *, uint32_t, struct slice));

/* Which of the n names a string is, or -1 with a fault that lists them. */
int member_choice(struct topo_builder *b, const struct at *at, struct slice text,
    const char *const *names, size_t n);

/* An integer between low and high. False with a fault. */
bool member_int(struct topo_builder *b, const struct at *at, const json_t *value, uint32_t low,
    uint32_t high, uint32_t *ret_number);

/* ---- topo_switch.c, topo_interfaces.c, topo_records.c ---- */

/*
 * Whether object `number` of that kind, in hand once more, came from the same text: a Redis SCAN may hand out a field twice.
 */
bool record_is_again(
    const struct topo_builder *b, enum topo_kind kind, uint32_t number, const char *key);

/* Whether the Redis field is the one under which the object should stand, or there is none; a fault if not. */
void record_check_key(struct topo_builder *b, enum topo_kind kind, const struct at *at,
    const char *key, const json_t *value);

/* The `interfaces` of a switch. */
void record_interfaces(
    struct topo_builder *b, const struct at *at, uint32_t sw, const json_t *list);

/* Each takes one object; `key` as in topo_builder_add(). */
void record_switch(struct topo_builder *b, const struct at *at, const char *key, json_t *value);
void record_link(struct topo_builder *b, const struct at *at, const char *key, json_t *value);
void record_host(struct topo_builder *b, const struct at *at, const char *key, json_t *value);
void record_port(struct topo_builder *b, const struct at *at, const char *key, json_t *value);

/* ---- topo_plain.c ---- */

/* What a plain port's record says; private to topo_plain.c. */
struct plain_port {
	bool is_plain; /* the rest holds something */
	uint8_t id[16];
	struct slice name, project_id, host; /* of the record's text */
	uint64_t id_hash, host_hash;
};

/*
 * A port's record as a text, in two steps, so that with many records what the second step of each looks at is on its way
 * from memory while the others are read. plain_port_read() takes nothing; is_plain is false where the record is not one of
 * the plain ones. plain_port_take() then takes it; false, and nothing was done, where that is not all there is to it:
 * record_port() of its value does the same, or tells what is wrong.
 */
void plain_port_read(
    const struct topo_builder *b, struct slice key, struct slice text, struct plain_port *ret_port);
bool plain_port_take(struct topo_builder *b, const struct plain_port *port);

#endif
