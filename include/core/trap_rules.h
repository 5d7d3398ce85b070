/*
 * trap_rules: which notifications say something about an interface, and where each of them says it (core).
 *
 * The `trap` stanzas of the rules files (dpwatch-rules(5)), compiled: one row a notification, one family a stanza, a sorted
 * table to find a row by its OID. What has no row is not ours, however much it looks like a link trap. Part of struct rules,
 * which fills it; used by trap_link.
 */
#ifndef DPWATCH_CORE_TRAP_RULES_H
#define DPWATCH_CORE_TRAP_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/link_event.h"
#include "core/oid.h"

/* Bounds on what the files may hold, far above what is shipped. */
#define TRAP_ROWS_MAX 4096
#define TRAP_OBJECTS_MAX 1024
#define TRAP_SAMPLE_MAX 1024 /* bytes of a sample's line */
#define TRAP_NAME_PARTS 4
/* Room for a name that is put together of numbers. */
#define TRAP_NAME_ROOM 256

/* What a status value says about traffic. */
enum trap_status {
	STATUS_NONE,     /* no such value: as if the varbind were not there */
	STATUS_UP,       /* usable */
	STATUS_UNKNOWN,  /* cannot be told: the notification's OID decides */
	STATUS_DOWN,     /* not usable */
	STATUS_NOT_READY /* not usable yet, or for tests only; says nothing of a loss */
};

/* The numbers of one status column and what they mean. Numbers beyond the table are STATUS_NONE. */
#define TRAP_STATUS_VALUES 8
struct trap_status_table {
	const char *name; /* as rules files call it */
	enum trap_status of[TRAP_STATUS_VALUES];
};

/* The table of that name; NULL: none. */
const struct trap_status_table *trap_status_find(struct slice name);

/* What `value` of the family's status column says. */
enum trap_status trap_status_of(const struct trap_status_table *table, int64_t value);

/* A piece of a name that is put together: fixed text, then what an object tells (n = 0: nothing). */
struct trap_name_part {
	char *text; /* NULL: none */
	struct oid object;
	bool instance; /* the last number of its instance instead of its value */
};

/*
 * The columns in which a family of notifications tells of its interface. n = 0: it has none. The instance of an ifTable or
 * ifXTable column is the ifIndex; a vendor's own columns have instances of their own.
 */
struct trap_objects {
	struct oid name; /* an octet string: the interface's name */
	unsigned nth;    /* 1: the first of that name; of others only that one counts */
	struct oid descr;
	struct oid
	    tail; /* a text that ends in the name, behind the last ": "; where descr is missing */
	struct oid index;    /* its value is the ifIndex, beside IF-MIB's own */
	struct oid index_in; /* the first number of its instance is the ifIndex */
	struct oid slot;     /* its value is the number of the slot */
	struct oid admin;    /* 1 up, 2 down, 3 testing in every family */
	struct oid oper;
	bool instance_is_index; /* of name, descr, admin and oper */
	const struct trap_status_table *status;
	struct trap_name_part parts[TRAP_NAME_PARTS]; /* instead of `name` */
	size_t n_parts;
};

enum trap_meaning {
	MEANS_DOWN,
	MEANS_UP,      /* unless the status varbind contradicts */
	MEANS_STATUS,  /* the status varbind is the new state */
	MEANS_RESTART, /* the agent restarted, its configuration is the same */
	MEANS_NEW_BOOT,
	MEANS_DOUBT,  /* decides nothing: what it is about is uncertain */
	MEANS_HINT,   /* decides nothing: the reason of the named interface's down */
	MEANS_IGNORE, /* known, and not ours */
	MEANS_MAX
};

/* What a doubt is about. */
enum trap_about {
	ABOUT_INTERFACE, /* not ours where it names none */
	ABOUT_SLOT,      /* the whole switch where it tells no slot */
	ABOUT_SWITCH
};

/* One stanza. */
struct trap_family {
	char *name;
	size_t file; /* number of the file, as given to trap_rules_begin() */
	unsigned line;
	enum link_layer layer;
	enum link_reason reason;
	enum trap_about about;
	struct trap_objects objects;
};

struct trap_row {
	char *module, *name; /* of the MIB: "IF-MIB" and "linkDown" */
	/* The notification's OID is base.last or base.0.last: both are the same one (RFC 3584 3.1). */
	struct oid base;
	unsigned long last;
	enum trap_meaning meaning;
	const struct trap_family *family;
	unsigned line;
	bool has_sample;
};

/* An object that the rules name. */
struct trap_object {
	char *module, *name;
	struct oid oid;
};

struct trap_rules;

struct trap_rules *trap_rules_new(void);
void trap_rules_free(struct trap_rules *rules);

/* The row of a notification, NULL when it is not ours. Costs a dozen comparisons; allocates nothing. */
const struct trap_row *trap_rules_find(const struct trap_rules *rules, struct oid notification);

/* The i-th row or object in the order of the files; NULL beyond the last. */
const struct trap_row *trap_rules_at(const struct trap_rules *rules, size_t i);
const struct trap_object *trap_rules_object(const struct trap_rules *rules, size_t i);

/* Working memory for a name that is put together: TRAP_NAME_ROOM bytes, good until the next trap. */
char *trap_rules_room(const struct trap_rules *rules);

/* ---- for rules_parse: how a set comes into being ---- */

/* How much is there; what came later can be taken back. */
struct trap_mark {
	size_t rows, families, objects, samples;
};
struct trap_mark trap_rules_mark(const struct trap_rules *rules);
void trap_rules_roll_back(struct trap_rules *rules, struct trap_mark mark);

/*
 * A stanza line by line. 0; -ENOMEM; or -EINVAL with what is wrong in why. trap_rules_end() checks the stanza as a whole.
 */
int trap_rules_begin(struct trap_rules *rules, struct slice name, size_t file, unsigned line,
    char *why, size_t size);
int trap_rules_line(struct trap_rules *rules, struct slice key, struct slice value, unsigned line,
    char *why, size_t size);
int trap_rules_end(struct trap_rules *rules, unsigned *ret_line, char *why, size_t size);

/* After the last file: sorts. Of two stanzas of one notification the later file's counts. 0 or -ENOMEM. */
int trap_rules_finish(struct trap_rules *rules);

/*
 * Runs every sample of a finished set whose notification no later file took over. `files` are the names behind the numbers.
 * As rules_check_samples().
 */
size_t trap_rules_check_samples(const struct trap_rules *rules, char *const *files,
    void (*report)(void *ctx, const char *text), void *ctx, size_t *ret_samples);

#endif
