/*
 * overload: a token bucket for each switch, and the words of switches that are over theirs while work is queued (core).
 * design.md, "Nothing is lost" and rule 7 of "Which word to believe"; `[snmp] bucket`.
 *
 * A switch that sends more words than its bucket gives is heard as usual as long as the program keeps up. Once it does not
 * ("busy"), the switch's words are held instead of counted: the last one of each interface, source and layer, in the order
 * in which they came. They are handed out at the bucket's rate while it is busy, and as fast as may be afterwards. So a
 * flooding switch costs the others little, and ends as its own last words say. A word that another one took the place of is
 * *folded*; what is about no mapped interface is *dropped*. In either case the switch's interfaces are uncertain.
 *
 * It knows switches and interfaces by their numbers in the snapshot in force. Nothing here keeps time: now_ns is the
 * engine's clock.
 */
#ifndef DPWATCH_CORE_OVERLOAD_H
#define DPWATCH_CORE_OVERLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/link_event.h"

/* So many words are held at most. Of more, those that can be folded into one of these are; the others are heard as usual. */
#define OVERLOAD_HELD_MAX 16384

struct overload;

/* NULL: out of memory. Without buckets until it is configured. */
struct overload *overload_new(void);
void overload_free(struct overload *overload);

/* `rate` words a second, `burst` of them at once (at least 1); rate 0: no buckets. What is held stays so. */
void overload_configure(struct overload *overload, uint32_t rate, uint32_t burst);

/*
 * Another snapshot is in force, with so many switches: every bucket is full. Nothing may be held. 0; or -ENOMEM, and there
 * are no buckets until the next call.
 */
int overload_set_switches(struct overload *overload, uint32_t n_switches);

/* A word that came, or that is handed out again. */
struct overload_word {
	uint32_t sw;
	uint32_t interface; /* UINT32_MAX: none of the map. Of a restart it does not matter. */
	struct link_event
	    event; /* held without name and descr: whoever takes it out puts in the name that the map has */
	bool named;          /* of a held one: it told a name, and not the index alone */
	int trap_version;    /* 0: a line */
	int64_t received_us; /* wall clock */
};

enum overload_fate {
	OVERLOAD_PASS, /* it counts now: there is no bucket, or room in it, or nothing is queued */
	OVERLOAD_HELD,
	OVERLOAD_FOLDED,  /* held, in place of an earlier one */
	OVERLOAD_DROPPED, /* about no mapped interface, or a doubt or hint: it is not kept */
	OVERLOAD_FATES
};

/*
 * A word has come. `busy`: more waits than the program keeps up with. Where its fate is not PASS, *ret_begins says whether
 * the switch's episode begins with it. Held and folded words have numbers that rise, the last of which is
 * overload_last_number().
 */
enum overload_fate overload_take(struct overload *overload, const struct overload_word *word,
    bool busy, int64_t now_ns, bool *ret_begins);

/*
 * The next word that counts: of a switch whose bucket has room for it, or, when nothing is queued any more, of any; each
 * switch in its turn, its words in order. False: none may go now. What event.rule points to is borrowed from whoever gave it.
 */
bool overload_next(
    struct overload *overload, bool busy, int64_t now_ns, struct overload_word *ret_word);

size_t overload_n_held(const struct overload *overload);
uint32_t overload_n_held_of(const struct overload *overload, uint32_t sw);
/* Whether the switch is in an episode: over its bucket, and less than a second ago something was held, folded or dropped. */
bool overload_is_over(const struct overload *overload, uint32_t sw);

/* The number of the newest word that was held or folded; 0: none was ever. */
uint64_t overload_last_number(const struct overload *overload);
/* Every word up to this number was handed out, or folded into one that was. */
uint64_t overload_done_number(const struct overload *overload);

/* An episode that is over: nothing of the switch is held, and nothing was for a second. */
struct overload_episode {
	uint32_t sw;
	uint64_t n_held, n_folded, n_dropped;
	int64_t begun_ns, ended_ns;
};
/* Takes out the next one. False: there is none. To be asked once a second or so, and until it says false. */
bool overload_end(struct overload *overload, int64_t now_ns, struct overload_episode *ret_episode);

#endif
