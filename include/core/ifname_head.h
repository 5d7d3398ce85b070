/*
 * ifname_head: the vendors' tables of interface type words (core; used by ifname only). facts/link-
 * syslog.md 5.2 and 5.4.
 */
#ifndef DPWATCH_CORE_IFNAME_HEAD_H
#define DPWATCH_CORE_IFNAME_HEAD_H

#include <stdbool.h>

#include "core/ifname.h"
#include "util/slice.h"

/* A name in two: "Te 0/5" is "Te" and "0/5". Slices of the name; blanks between them are in neither. */
struct ifname_parts {
	struct slice head; /* empty: the name begins with its number */
	struct slice tail; /* empty: no digit in the name */
	/* Huawei CloudEngine's type words begin with digits: "10GE1/0/2" is "10GE" and "1/0/2". */
	bool is_speed;
};

/* Without blanks in front, and blanks, '.', ',' and ':' behind. */
struct slice ifname_trim(struct slice name);

struct ifname_parts ifname_split(struct slice name);

/* The class that a head stands for with that family, in the spelling of its key (static text); NULL
 * when no table knows it, or when it could be two things. */
const char *ifname_class(enum os_family os, const struct ifname_parts *parts);

#endif
