#include "io/input_sockets.h"

#include <stdio.h>
#include <string.h>

#include "core/config.h"
#include "io/stream_set.h"
#include "io/udp_listeners.h"

#define HOST_MAX 128

static bool
is_stream(const char *kind)
{
	return strncmp(kind, "tcp", 3) == 0 || strcmp(kind, "tls") == 0;
}

static int
open_listener(const struct input_sockets *sockets, const char *text, size_t receive_buffer,
    char *error, size_t size)
{
	struct config_endpoint endpoint;
	char host[HOST_MAX];

	if (!config_endpoint_parse(text, &endpoint) || endpoint.host.len >= sizeof(host)) {
		snprintf(error, size, "%s: nothing to listen on", text);
		return -1;
	}
	slice_copy(endpoint.host, host, sizeof(host));
	if (is_stream(endpoint.kind))
		return stream_set_open(
		    sockets->streams, endpoint.kind, host, endpoint.port, error, size);
	return udp_listeners_open(
	    sockets->datagrams, endpoint.kind, host, endpoint.port, receive_buffer, error, size);
}

int
input_sockets_open(const struct input_sockets *sockets, const struct config_list *listen,
    size_t receive_buffer, char *error, size_t size)
{
	for (size_t i = 0; i < listen->n; i++)
		if (open_listener(sockets, listen->items[i], receive_buffer, error, size) != 0)
			return -1;
	return 0;
}

void
input_sockets_release(struct input_sockets *sockets)
{
	udp_listeners_free(sockets->datagrams);
	stream_set_free(sockets->streams);
	*sockets = (struct input_sockets){ NULL, NULL };
}

void
input_sockets_read(const struct input_sockets *sockets, bool on)
{
	udp_listeners_read(sockets->datagrams, on);
	stream_set_read(sockets->streams, on);
}

size_t
input_sockets_count(const struct input_sockets *sockets)
{
	return udp_listeners_count(sockets->datagrams) + stream_set_count(sockets->streams);
}

const char *
input_sockets_name(const struct input_sockets *sockets, size_t i, size_t *ret_receive_buffer)
{
	const size_t n_datagram = udp_listeners_count(sockets->datagrams);

	*ret_receive_buffer = 0;
	if (i >= n_datagram)
		return stream_set_name(sockets->streams, i - n_datagram);
	const struct udp_batch *batch = udp_listeners_batch(sockets->datagrams, i);
	*ret_receive_buffer = udp_batch_receive_buffer(batch);
	return udp_batch_name(batch);
}

bool
input_sockets_behind(const struct input_sockets *sockets, int64_t now_ns)
{
	return udp_listeners_behind(sockets->datagrams, now_ns);
}

void
input_sockets_drain(const struct input_sockets *sockets)
{
	udp_listeners_drain(sockets->datagrams);
	stream_set_drain(sockets->streams);
}
