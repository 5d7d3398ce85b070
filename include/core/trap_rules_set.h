/*
 * trap_rules_set: what a set of trap rules is made of (core; used by the trap_rules* modules only).
 */
#ifndef DPWATCH_CORE_TRAP_RULES_SET_H
#define DPWATCH_CORE_TRAP_RULES_SET_H

#include "core/trap_rules.h"

struct trap_sample {
	size_t row;
	unsigned line;
	bool v1;
	char *varbinds; /* the rest of its line; checked */
	char *yields;   /* NULL: not there yet */
};

struct trap_rules {
	struct trap_row *rows;
	size_t n_rows;
	struct trap_family **families; /* each of its own: rows point to them */
	size_t n_families;
	struct trap_object *objects; /* declared in the files */
	size_t n_objects;
	struct trap_sample *samples;
	size_t n_samples;
	uint16_t *sorted; /* rows by OID; of several with one OID the latest */
	size_t n_sorted;
	char *room;

	struct trap_family *open;       /* while a stanza is read */
	size_t first_row, first_sample; /* of it */
	bool has_about, has_layer, has_name;
};

/* The OID of the object of that name (without its module), borrowed from the set. False: there is none. */
bool trap_object_find(const struct trap_rules *rules, struct slice name, struct oid *ret_oid);

/* A line of a stanza that is being read. */
struct trap_line {
	struct trap_rules *rules;
	struct trap_family *family; /* the open one */
	struct slice key;
	unsigned number;
	char *why;
	size_t size;
};

/* Writes what is wrong into line->why. Returns -EINVAL. */
int trap_line_fault(struct trap_line *line, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* "MODULE::name 1.3.6...": what the MIB calls it, and what the datagram does. */
struct trap_mib_name {
	struct slice module, name;
	unsigned long ids[OID_MAX];
	size_t n;
};
int trap_line_mib_name(struct trap_line *line, struct slice value, struct trap_mib_name *ret_name);

/* 0 or -ENOMEM; the caller owns the numbers. */
int trap_copy_oid(const unsigned long *ids, size_t n, struct oid *ret_oid);

/* The keys of trap_objects.c: 0, -ENOMEM or -EINVAL. */
int trap_key_object(struct trap_line *line, struct slice value);
int trap_key_name(struct trap_line *line, struct slice value);
int trap_key_tail(struct trap_line *line, struct slice value);
int trap_key_index(struct trap_line *line, struct slice value);
int trap_key_index_in(struct trap_line *line, struct slice value);
int trap_key_slot(struct trap_line *line, struct slice value);
int trap_key_admin(struct trap_line *line, struct slice value);
int trap_key_oper(struct trap_line *line, struct slice value);

/*
 * A sample's line: "[v1] NOTIFICATION VARBIND ...". Finds its row among those of the open stanza and checks every varbind.
 * 0; -ENOMEM; or -EINVAL with what is wrong in why.
 */
int trap_sample_read(const struct trap_rules *rules, struct slice value,
    struct trap_sample *ret_sample, char *why, size_t size);

#endif
