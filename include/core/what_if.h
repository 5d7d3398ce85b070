/*
 * what_if: which ports would go down, and which would lose paths, if something failed (core). Nothing is changed.
 *
 * The forecast starts from the network as the engine knows it now, and is the engine's own verdict on it (core/trial.h). A
 * port that somebody reported as down is down already, and stays so.
 */
#ifndef DPWATCH_CORE_WHAT_IF_H
#define DPWATCH_CORE_WHAT_IF_H

#include <stddef.h>
#include <stdint.h>

#include "core/engine.h"
#include "core/trial.h"

enum what_if_outcome {
	WHAT_IF_DOWN,     /* up now, down then */
	WHAT_IF_DEGRADED, /* up then, with fewer up paths than now */
	WHAT_IF_RECOVERED, /* down now, up then: a stranded path that dies ends what `stranded: "down"` holds down */
	WHAT_IF_MAX
};
extern const char *const what_if_outcome_names[WHAT_IF_MAX]; /* down, degraded, recovered */

/* One port that it would touch. */
struct what_if_port {
	uint32_t port;
	uint8_t outcome;               /* enum what_if_outcome */
	uint8_t cause;                 /* enum dp_cause of WHAT_IF_DOWN, else CAUSE_NONE */
	struct dp_paths before, after; /* paths now, and then */
};

struct what_if {
	struct what_if_port
	    *ports;              /* by outcome; within one in an order that is the same each time */
	size_t n_ports;          /* listed: at most as many as were asked for */
	uint32_t n[WHAT_IF_MAX]; /* how many of each outcome there are, listed or not */
};

/*
 * What all of these failing at once would do: counts, and the first `most` of the ports. 0 or -ENOMEM, *ret_what_if is
 * untouched then; it is the caller's to release. Costs time in proportion to the map's interfaces and links and to the ports
 * that are touched, and memory to those that are listed.
 */
int what_if(const struct engine *engine, const struct failure *failures, size_t n, size_t most,
    struct what_if *ret_what_if) __attribute__((warn_unused_result));
void what_if_release(struct what_if *what_if);

/*
 * The same in steps of a millisecond or three, between which the engine may go on: the forecast is about the network as it was
 * with the first step. It has to end before the engine's topology is replaced. Begin: NULL is out of memory; the failures are
 * copied. A step: 0 when there is more to do, 1 when all is found, -ENOMEM. Then what_if_found(), as what_if(), and in any
 * case what_if_end() (NULL is fine).
 */
struct what_if_run;
struct what_if_run *what_if_begin(
    const struct engine *engine, const struct failure *failures, size_t n, size_t most);
int what_if_step(struct what_if_run *run) __attribute__((warn_unused_result));
int what_if_found(const struct what_if_run *run, struct what_if *ret_what_if)
    __attribute__((warn_unused_result));
void what_if_end(struct what_if_run *run);

#endif
