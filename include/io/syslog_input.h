/*
 * syslog_input: syslog messages from the wire, one by one (io): UDP, Unix datagram, TCP (RFC 6587), TLS (RFC 5425).
 */
#ifndef DPWATCH_IO_SYSLOG_INPUT_H
#define DPWATCH_IO_SYSLOG_INPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/config.h"
#include "core/stats.h"
#include "io/input_sockets.h"
#include "io/loop.h"
#include "io/snmp_input.h"
#include "util/slice.h"

struct syslog_input_handler {
	void *ctx;
	/* One message; the bytes are valid during the call. `stream` says that it came over TCP or TLS. */
	void (*message)(
	    void *ctx, struct slice bytes, const struct input_origin *origin, bool stream);
	/* A datagram or connection was refused, and counted there. */
	void (*refused)(void *ctx, const struct input_origin *origin, enum stats_counter why);
	void (*turn_end)(void *ctx);
};

struct ssl_ctx_st; /* OpenSSL's SSL_CTX */
struct syslog_input;

/* Opens every listener of config->syslog. NULL with a message in error when one cannot be opened. Not reading yet. */
struct syslog_input *syslog_input_new(struct loop *loop, const struct config *config,
    struct stats *stats, const struct syslog_input_handler *handler, char *error, size_t size);
const struct input_sockets *syslog_input_sockets(const struct syslog_input *input);
void syslog_input_configure(struct syslog_input *input, const struct config *config);
/* The certificate for listeners of kind tls, which refuse everybody before. Takes over the reference; NULL: none. */
void syslog_input_set_tls(struct syslog_input *input, struct ssl_ctx_st *context);
struct ssl_ctx_st *syslog_input_tls(const struct syslog_input *input);
void syslog_input_free(struct syslog_input *input);

#endif
