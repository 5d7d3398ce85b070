/*
 * usm_store: who we are as an SNMP engine, and whom we have heard, over restarts (io). Private to snmp_v3.
 *
 * Two files in state_dir: `snmp-engine` (our engine id and boots; small, on disk before either is used) and `snmp-engines`
 * (a line for each engine of a switch, core/usm_engines). Both are replaced whole. Neither holds a secret.
 */
#ifndef DPWATCH_IO_USM_STORE_H
#define DPWATCH_IO_USM_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "core/usm_engines.h"

struct usm_identity {
	uint8_t id[USM_ENGINE_ID_MAX];
	size_t id_len;
	uint32_t boots; /* at least 1 */
};

/*
 * Begins a life of our engine: what the file holds, with one boot more, or a new engine where there is none or it cannot be
 * read (a new id begins with boots 1: RFC 3414 2.2.2). It is on disk when this returns. 0, or -1 with a message in error.
 */
int usm_store_begin(
    const char *dir, struct usm_identity *ret_identity, char *error, size_t error_size);

/* Takes in what the file holds; what is damaged is left out, and logged. No file is fine. */
void usm_store_read(const char *dir, struct usm_engines *engines);

/* Replaces the file. 0 or a negative errno. */
int usm_store_write(const char *dir, const struct usm_engines *engines);

#endif
