/*
 * config_table: the keys of dpwatch.conf, one row each (core; private to config*.c, and to the test that holds the table
 * against conf/dpwatch.conf and dpwatch.conf.5).
 */
#ifndef DPWATCH_CORE_CONFIG_TABLE_H
#define DPWATCH_CORE_CONFIG_TABLE_H

#include "core/config.h"

/* What a value is, and what stands at the row's place in struct config. */
enum config_type {
	CONFIG_TEXT,     /* char *, NULL where empty */
	CONFIG_NUMBER32, /* uint32_t */
	CONFIG_NUMBER64, /* uint64_t */
	CONFIG_SIZE,     /* uint64_t, bytes */
	CONFIG_DURATION, /* int64_t, ms; where low is 0, "off" is 0 */
	CONFIG_PERCENT,  /* uint32_t */
	CONFIG_CHOICE,   /* an enum, numbered as its names */
	CONFIG_BOOL,     /* bool */
	CONFIG_LIST,     /* struct config_list */
	CONFIG_LINES, /* struct config_list; commas are part of an item, only repeating appends */
	CONFIG_NETS,  /* struct config_nets */
	/* More than one member of struct config: set in config_value.c. */
	CONFIG_SERVER,
	CONFIG_BUCKET,
	CONFIG_DAMPENING,
};

/* Room for what is wrong with a value, and what would be right. */
#define CONFIG_WHY_MAX 240

struct config_row {
	const char *section, *key;
	const char *label; /* "[section] key" */
	enum config_type type;
	size_t at;          /* offset in struct config */
	const char *preset; /* the default, as the file would say it; "": none, or an empty list */
	uint64_t low, high; /* of numbers, in the unit of what is stored */
	const char *const *names; /* of a choice, NULL at the end */
	/* Of a text, or an item: NULL, or whether it is one, with what would be right in why (CONFIG_WHY_MAX) if not. */
	bool (*check)(const char *text, char *why);
	bool restart; /* a reload does not change it */
	bool secret;  /* what is wrong with it is told without it, and it is wiped */
};

extern const struct config_row config_rows[];
extern const size_t config_n_rows;

/*
 * Sets a row's value from text (trimmed, UTF-8, no control characters but tab). A list is appended to. 0; -EINVAL with why
 * (CONFIG_WHY_MAX) set; -ENOMEM. The old value stays on failure.
 */
int config_value_set(
    const struct config_row *row, struct slice text, struct config *config, char *why);

/* Frees what a row's value holds, and zeroes it. */
void config_value_clear(const struct config_row *row, struct config *config);

bool config_value_eq(const struct config_row *row, const struct config *a, const struct config *b);

/* Each gets the other's value, with what it holds. */
void config_value_swap(const struct config_row *row, struct config *a, struct config *b);

/* ---- what the types of values are made of: config_value.c, config_special.c ---- */

/* Writes to why: "TEXT" is wrong; right is ... Returns -EINVAL. */
int config_wrong(char *why, struct slice text, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Both NULL, or the same text. */
bool config_text_eq(const char *a, const char *b);

/* The bytes of struct config from one member to the end of another that stands behind it. */
#define CONFIG_SPAN(first, last)                                          \
	(offsetof(struct config, last) - offsetof(struct config, first) + \
	    sizeof(((struct config *)0)->last))

/*
 * One type of value: what is behind config_value_set(), _eq(), _clear() and _swap(). clear is NULL where it holds no memory; size
 * is that of what stands at the row's place.
 */
struct config_type_ops {
	int (*set)(const struct config_row *, struct slice, struct config *, char *);
	bool (*eq)(const struct config_row *, const struct config *, const struct config *);
	void (*clear)(const struct config_row *, struct config *);
	size_t size;
};
extern const struct config_type_ops config_server_ops, config_bucket_ops, config_dampening_ops;

/* A size with its unit ("64KiB", "32MiB", "1GiB", bare bytes). */
bool config_size_parse(struct slice text, uint64_t *ret_bytes);

/* The shortest way to write a duration (of ms) or a size (of bytes). buf holds CONFIG_UNIT_TEXT. Returns buf. */
#define CONFIG_UNIT_TEXT 24
const char *config_duration_format(uint64_t ms, char *buf);
const char *config_size_format(uint64_t bytes, char *buf);

#endif
