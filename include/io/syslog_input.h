/*
 * syslog_input: syslog messages from the wire, one by one (io): UDP, Unix datagram, TCP (RFC 6587), TLS (RFC 5425).
 */
#ifndef DPWATCH_IO_SYSLOG_INPUT_H
#define DPWATCH_IO_SYSLOG_INPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/config.h"
#include "core/stats.h"
#include "io/loop.h"
#include "io/snmp_input.h"
#include "util/slice.h"

struct syslog_input_handler {
	void *ctx;
	/* One message; the bytes are valid during the call. `stream` says that it came over TCP or TLS. */
	void (*message)(
	    void *ctx, struct slice bytes, const struct input_origin *origin, bool stream);
	/* A datagram was refused, and counted there. */
	void (*refused)(void *ctx, const struct input_origin *origin, enum stats_counter why);
	void (*turn_end)(void *ctx);
};

struct ssl_ctx_st; /* OpenSSL's SSL_CTX */
struct syslog_input;

struct syslog_input *syslog_input_new(struct loop *loop, const struct config *config,
    struct stats *stats, const struct syslog_input_handler *handler, char *error, size_t size);
void syslog_input_read(struct syslog_input *input, bool on);
void syslog_input_configure(struct syslog_input *input, const struct config *config);
/* The certificate for listeners of kind tls, which refuse everybody before. Takes over the reference; NULL: none. */
void syslog_input_set_tls(struct syslog_input *input, struct ssl_ctx_st *context);
size_t syslog_input_n_listeners(const struct syslog_input *input);
const char *syslog_input_listener(
    const struct syslog_input *input, size_t i, size_t *ret_receive_buffer);
/* Whether more datagrams may be queued than were taken in the last turn; see udp_listeners_behind(). */
bool syslog_input_behind(const struct syslog_input *input, int64_t now_ns);
void syslog_input_drain(struct syslog_input *input);
void syslog_input_free(struct syslog_input *input);

#endif
