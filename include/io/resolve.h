/*
 * resolve: a host's name to an address without waiting for it (io). libevent's evdns with /etc/hosts and /etc/resolv.conf,
 * which are read anew for every question.
 */
#ifndef DPWATCH_IO_RESOLVE_H
#define DPWATCH_IO_RESOLVE_H

#include "io/loop.h"

struct resolve;

/* `address` is numeric, and NULL where there is none: then `error` says why. Borrowed for the call. */
typedef void resolve_fn(void *ctx, const char *address, const char *error);

/* Nothing is asked yet. NULL: out of memory. */
struct resolve *resolve_new(struct loop *loop, resolve_fn *fn, void *ctx);
/*
 * Asks for a host that is known by name or numeric address. fn is called once, perhaps before this returns, unless it is
 * asked again, cancelled or freed before. Of several addresses the first is told.
 */
void resolve_ask(struct resolve *resolve, const char *host);
void resolve_cancel(struct resolve *resolve);
void resolve_free(struct resolve *resolve);

#endif
