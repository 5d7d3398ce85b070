/*
 * port_told: what Redis holds of one port: its hash, and whether it is in the `down` set (io).
 */
#ifndef DPWATCH_IO_PORT_TOLD_H
#define DPWATCH_IO_PORT_TOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "io/redis_link.h"

struct port_told {
	bool usable;       /* its key is a hash, or there is none; else nothing below is known */
	bool is_there;     /* there is a hash */
	bool dp_down;      /* without a hash: false */
	bool in_down;      /* the `down` set; where Redis does not tell: as dp_down */
	uint64_t revision; /* 0: there is none */
};

/* `told` is NULL when the connection broke, else borrowed for the call. */
typedef void port_told_fn(void *ctx, const uint8_t port_id[16], const struct port_told *told);

/* Asks; `fn` is called once. 0; or -ENOTCONN or -ENOMEM, and it is not called. */
int port_told_read(struct redis_link *link, const char *prefix, const uint8_t port_id[16],
    port_told_fn *fn, void *ctx);

#endif
