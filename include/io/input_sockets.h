/*
 * input_sockets: the sockets of one input, over datagrams and over streams (io): what snmp_input and syslog_input have in
 * common.
 */
#ifndef DPWATCH_IO_INPUT_SOCKETS_H
#define DPWATCH_IO_INPUT_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct config_list;
struct stream_set;
struct udp_listeners;

/* Both are owned by the input, and neither is NULL but before input_sockets_release(). */
struct input_sockets {
	struct udp_listeners *datagrams;
	struct stream_set *streams;
};

/*
 * Opens every listener of a checked `listen` key, with receive_buffer bytes for each that takes datagrams. 0, or -1 with a
 * message in error.
 */
int input_sockets_open(const struct input_sockets *sockets, const struct config_list *listen,
    size_t receive_buffer, char *error, size_t size);
void input_sockets_release(struct input_sockets *sockets);

/* Starts or stops taking what comes; the kernel queues meanwhile. */
void input_sockets_read(const struct input_sockets *sockets, bool on);

size_t input_sockets_count(const struct input_sockets *sockets);
/* What listener i is called in logs; *ret_receive_buffer, in bytes, is 0 for TCP. */
const char *input_sockets_name(
    const struct input_sockets *sockets, size_t i, size_t *ret_receive_buffer);

/* Whether more datagrams may be queued than were taken in the last turn; see udp_listeners_behind(). */
bool input_sockets_behind(const struct input_sockets *sockets, int64_t now_ns);

/* Takes everything that is still queued (SIGTERM drains), calling the handlers as usual. */
void input_sockets_drain(const struct input_sockets *sockets);

#endif
