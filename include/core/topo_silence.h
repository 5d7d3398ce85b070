/*
 * topo_silence: what the network has not said, or said twice over (core). For `dpwatch topology check` beside a daemon.
 *
 * A map may be right and yet not the network's: a port about whose interfaces nothing was ever heard, or a link one end of
 * which is down while the other is up, is the first sign.
 */
#ifndef DPWATCH_CORE_TOPO_SILENCE_H
#define DPWATCH_CORE_TOPO_SILENCE_H

#include <jansson.h>
#include <stdint.h>

#include "core/reach.h"
#include "core/topo.h"

/* What is known of an interface: a bit mask. */
#define SAID_SOMETHING 1u /* some source spoke of it */
#define SAID_DOWN 2u
#define SAID_OVERRIDDEN 4u /* a person's word about it wins: what it says itself is no matter */

struct topo_silence {
	/*
	 * Ports nothing was ever heard about: none of their attachments, of those' members, and of the aggregate whose member
	 * one is. Ports without attachments are not among them.
	 */
	struct index_list ports;
	struct index_list
	    links; /* whose two ends were both heard of, and one is down and the other up */
};

/*
 * `said` holds a mask per interface of the map. 0 or -ENOMEM, *ret_silence is untouched then; it is the caller's to release.
 */
int topo_silence(const struct topo *topo, const uint8_t *said, struct topo_silence *ret_silence)
    __attribute__((warn_unused_result));
void topo_silence_release(struct topo_silence *silence);

/*
 * A new reference, or NULL when out of memory: {ports_unheard, unheard_ports: [{id, name}] (the first
 * TOPO_SILENCE_PORTS_LISTED), contradicting_links: [{a, b, down}]}, where `down` is the one of a and b that is.
 */
#define TOPO_SILENCE_PORTS_LISTED 1000
json_t *topo_silence_json(
    const struct topo *topo, const uint8_t *said, const struct topo_silence *silence);

#endif
