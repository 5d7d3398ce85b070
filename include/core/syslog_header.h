/*
 * syslog_header: what stands between PRI and the body of a legacy message, read as a list of atoms
 * (core; used by syslog_msg only). facts/link-syslog.md 2.3.
 *
 * Atoms: counters, stamps and uptimes, hosts, node and unit ids, severity words, relay text, tags.
 * Any number of them may come in nearly any order, so there is no template. Where a relay wrote its
 * stamp and a host in front of a whole message, PRI is one, too.
 */
#ifndef DPWATCH_CORE_SYSLOG_HEADER_H
#define DPWATCH_CORE_SYSLOG_HEADER_H

#include <stdbool.h>

#include "core/syslog_stamp.h"
#include "util/slice.h"

struct syslog_header {
	struct slice host;       /* the host token nearest to the body; empty: none */
	struct slice outer_host; /* the one that stands farthest from it, often the same */
	struct slice app;        /* the tag nearest to the body, without [pid]; empty: none */
	bool has_stamp;          /* stamp is the one nearest to the body */
	struct syslog_stamp stamp;
	/* Not only atoms: another mnemonic, a quote, key=value or a run of words stands there, so
	 * that the body is quoted by a message of another kind (facts R9). */
	bool foreign;
};

/* Reads the whole of header, in front of which stood that tag (empty: none). Slices point into it. */
void syslog_header_read(struct slice header, struct slice tag, struct syslog_header *ret_header);

/*
 * The same for a message whose body nobody has found: reads atoms from the start of text up to the
 * first tag or the first thing that is no atom. `foreign` means nothing then.
 */
void syslog_header_guess(struct slice text, struct syslog_header *ret_header);

#endif
