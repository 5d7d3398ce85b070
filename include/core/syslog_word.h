/*
 * syslog_word: what a word of a message's header can be (core; used by syslog_header only). Tables of
 * names, and the shapes of nodes, hosts and addresses. facts/link-syslog.md 2.3.
 */
#ifndef DPWATCH_CORE_SYSLOG_WORD_H
#define DPWATCH_CORE_SYSLOG_WORD_H

#include <stdbool.h>
#include <stddef.h>

#include "util/slice.h"

/* A word is at least one byte long in all of these. */

/* "INFO", "warning". */
bool syslog_word_is_severity(struct slice word);

/* A tag that comes without a pid, and before which the host may be missing: "kernel". */
bool syslog_word_is_tag(struct slice word);

/* Neither host nor tag: a node or unit ("RP/0/RSP0/CPU0", "Slot-1", "(Stack)"), what a relay adds
 * ("local3.notice"), punctuation. */
bool syslog_word_is_filler(struct slice word);

bool syslog_word_is_host(struct slice word);

/* Hosts of syslog-ng's chain_hostnames: "sw1/relay1", "group@sw1/relay1". A node ("LC/0/0/CPU0") has numbers among its parts. */
bool syslog_word_is_host_chain(struct slice word);

/* "Mar", "2025": a relay that parsed part of a stamp takes the next word for the host. */
bool syslog_word_is_month(struct slice word);
bool syslog_word_is_year(struct slice word);

/* What a configured time zone may be called: 2 to 5 capitals. A host may be called so, too. */
bool syslog_word_is_zone(struct slice word);

/* Where the name of a tag ends: "mib2d[1200]", "teamd#lag", "ifplugd(swp5)"; -1: it is no such tag. */
long syslog_word_tag_len(struct slice word);

/* "aa:bb:cc:dd:ee:ff" at the start of text: 17, else 0. */
size_t syslog_word_mac_len(struct slice text);

/*
 * The length of an IPv6 address at the start of text, without the separator behind it
 * ("2001:db8:::" is 2001:db8:: and a colon); 0: none. Times are not mistaken for one: it must hold
 * "::" or seven colons.
 */
size_t syslog_word_ipv6_len(struct slice text);

/* Between the atoms of a header: blanks, ':', ',', NUL, CR. */
bool syslog_is_separator(char c);

#endif
