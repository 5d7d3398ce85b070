/*
 * udp_listeners -> allow -> snmp_peek (version, community) -> snmp_decoder -> handler -> answer now, later or never.
 *
 * What refuses comes before what costs: a stranger's datagram never reaches the library. An answer that waits is kept as the
 * bytes of the response, and not as the library's PDU, which takes 1.2 KiB a varbind.
 */
#include "io/snmp_input.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "core/snmp_peek.h"
#include "io/snmp_decoder.h"
#include "io/snmp_waiting.h"
#include "io/udp_listeners.h"
#include "util/htab.h"
#include "util/log.h"

#define HOST_MAX 128

/* Who may speak: copied from the configuration, replaced whole. */
struct gate {
	struct slice *communities; /* each owned */
	size_t n_communities;
	struct addr_net *allow; /* n_allow = 0: everybody */
	size_t n_allow;
};

struct snmp_input {
	struct loop *loop;
	struct stats *stats;
	struct snmp_input_handler handler;
	struct gate gate;
	struct udp_listeners *listeners;
	struct snmp_decoder *decoder;
	struct snmp_waiting *waiting;
	uint64_t seed; /* of digests */
	struct log_rate send_rate;

	/* the datagram at hand */
	size_t listener;
	const struct udp_datagram *datagram;
	struct input_origin origin;
};

/* ---- who may speak ---- */

static void
gate_release(struct gate *gate)
{
	for (size_t i = 0; i < gate->n_communities; i++)
		free((void *)(uintptr_t)gate->communities[i].data);
	free(gate->communities);
	free(gate->allow);
	*gate = (struct gate){ 0 };
}

static int
gate_copy(const struct config *config, struct gate *ret_gate)
{
	const struct config_list *communities = &config->snmp.community;
	const struct config_nets *allow = &config->snmp.allow;
	struct gate gate = { 0 };

	gate.communities = calloc(communities->n + 1, sizeof(*gate.communities));
	gate.allow = calloc(allow->n + 1, sizeof(*gate.allow));
	if (gate.communities == NULL || gate.allow == NULL)
		goto fail;
	for (; gate.n_communities < communities->n; gate.n_communities++) {
		const char *text = strdup(communities->items[gate.n_communities]);
		if (text == NULL)
			goto fail;
		gate.communities[gate.n_communities] = slice_of(text);
	}
	for (; gate.n_allow < allow->n; gate.n_allow++)
		gate.allow[gate.n_allow] = allow->items[gate.n_allow];
	*ret_gate = gate;
	return 0;
fail:
	gate_release(&gate);
	return -ENOMEM;
}

static bool
gate_allows(const struct gate *gate, const struct addr *sender)
{
	for (size_t i = 0; i < gate->n_allow; i++)
		if (addr_net_holds(&gate->allow[i], sender))
			return true;
	return gate->n_allow == 0;
}

/* Compares with every community, so that the time does not tell which one was nearly right. */
static bool
gate_knows(const struct gate *gate, struct slice community)
{
	bool known = false;

	for (size_t i = 0; i < gate->n_communities; i++)
		known |= snmp_secret_eq(gate->communities[i], community);
	return known;
}

/* ---- answers ---- */

static uint16_t
port_of(const struct sockaddr_storage *address)
{
	if (address->ss_family == AF_INET)
		return ntohs(((const struct sockaddr_in *)address)->sin_port);
	return ntohs(((const struct sockaddr_in6 *)address)->sin6_port);
}

static void
send_answer(struct snmp_input *input, const struct snmp_answer *answer)
{
	struct udp_batch *batch = udp_listeners_batch(input->listeners, answer->key.listener);
	int error =
	    udp_batch_send(batch, answer->bytes, &answer->to, answer->to_len, &answer->from);
	char text[ADDR_TEXT_MAX];
	uint64_t held_back;

	if (error == 0) {
		stats_add(input->stats, STAT_TRAP_INFORM_ANSWERED, 1);
		return;
	}
	/* its sender will ask again */
	if (log_rate_take(&input->send_rate, &held_back))
		log_warning("snmp %s: cannot answer an INFORM of %s: %s", udp_batch_name(batch),
		    addr_format(&answer->key.sender, text), strerror(-error));
}

static void
answer_inform(struct snmp_input *input, int32_t request_id, enum input_answer how, uint64_t ticket)
{
	struct snmp_answer answer = {
		.key = {
			.sender = input->origin.from,
			.port = port_of(&input->datagram->from),
			.listener = (uint32_t)input->listener,
			.request_id = request_id,
		},
		.to = input->datagram->from,
		.to_len = input->datagram->from_len,
		.from = input->datagram->to,
	};

	/* While the first of it waits, a repetition is not answered before it, and not twice. */
	if (how == ANSWER_NEVER || snmp_waiting_has(input->waiting, &answer.key))
		return;
	if (snmp_decoder_response(input->decoder, &answer.bytes) != 0) {
		stats_add(input->stats, STAT_TRAP_INFORM_DROPPED, 1);
		return;
	}
	if (how == ANSWER_NOW)
		send_answer(input, &answer);
	else if (snmp_waiting_add(input->waiting, ticket, &answer) != 0)
		stats_add(input->stats, STAT_TRAP_INFORM_DROPPED, 1);
}

/* ---- one datagram ---- */

static uint64_t
digest(const struct snmp_input *input)
{
	struct slice bytes = input->datagram->bytes;
	uint64_t of_sender =
	    hash_bytes(&input->origin.from, sizeof(input->origin.from), input->seed);

	return hash_bytes(bytes.data, bytes.len, of_sender);
}

static void
on_notification(void *ctx, const struct snmp_notification *notification)
{
	struct snmp_input *input = ctx;
	struct trap trap = notification->trap;
	uint64_t ticket = 0;

	/* Asked again, of what the library read: two readers of one message must not be played off. */
	if (!gate_knows(&input->gate, notification->community)) {
		stats_add(input->stats, STAT_TRAP_BAD_COMMUNITY, 1);
		return;
	}
	trap.digest = digest(input);
	enum input_answer how =
	    input->handler.trap(input->handler.ctx, &trap, &input->origin, &ticket);
	if (!trap.inform)
		return;
	stats_add(input->stats, STAT_TRAP_INFORM, 1);
	answer_inform(input, notification->request_id, how, ticket);
}

/* The checks before the library. Returns the counter of the refusal, or STAT_MAX. */
static enum stats_counter
refuse(const struct snmp_input *input, struct slice datagram)
{
	struct snmp_peek peek;

	if (!gate_allows(&input->gate, &input->origin.from))
		return STAT_TRAP_NOT_ALLOWED;
	if (!snmp_peek(datagram, &peek))
		return STAT_TRAP_MALFORMED;
	if (peek.version != SNMP_WIRE_V1 && peek.version != SNMP_WIRE_V2C)
		return STAT_TRAP_BAD_VERSION;
	return gate_knows(&input->gate, peek.community) ? STAT_MAX : STAT_TRAP_BAD_COMMUNITY;
}

static void
on_datagram(void *ctx, size_t i, const struct udp_datagram *datagram, struct engine_time now)
{
	struct snmp_input *input = ctx;

	stats_add(input->stats, STAT_TRAP_RECEIVED, 1);
	input->listener = i;
	input->datagram = datagram;
	input->origin.time = now;
	input->origin.time.wall_us = datagram->received_us;
	if (!addr_from_sockaddr((const struct sockaddr *)&datagram->from, &input->origin.from))
		return;
	enum stats_counter refused = refuse(input, datagram->bytes);
	if (refused != STAT_MAX) {
		stats_add(input->stats, refused, 1);
		return;
	}
	switch (snmp_decoder_feed(input->decoder, datagram->bytes, on_notification, input)) {
	case DECODED_NOTIFICATION:
		return;
	case DECODED_NOT_A_TRAP:
		stats_add(input->stats, STAT_TRAP_NOT_A_TRAP, 1);
		return;
	case DECODED_MALFORMED:
		stats_add(input->stats, STAT_TRAP_MALFORMED, 1);
		return;
	}
}

static void
on_turn_end(void *ctx)
{
	struct snmp_input *input = ctx;

	input->handler.turn_end(input->handler.ctx);
}

/* ---- what the header promises ---- */

static int
open_listener(
    struct snmp_input *input, const char *text, size_t receive_buffer, char *error, size_t size)
{
	struct config_endpoint endpoint;
	char host[HOST_MAX];

	if (!config_endpoint_parse(text, &endpoint) || endpoint.host.len >= sizeof(host)) {
		snprintf(error, size, "%s: no SNMP listener (udp:ADDRESS:PORT)", text);
		return -1;
	}
	if (strcmp(endpoint.kind, "tcp") == 0 || strcmp(endpoint.kind, "tcp6") == 0) {
		snprintf(error, size, "%s: SNMP over TCP is not built yet", text);
		return -1;
	}
	if (strcmp(endpoint.kind, "udp") != 0 && strcmp(endpoint.kind, "udp6") != 0) {
		snprintf(error, size, "%s: SNMP comes over udp or udp6", text);
		return -1;
	}
	slice_copy(endpoint.host, host, sizeof(host));
	return udp_listeners_open(
	    input->listeners, endpoint.kind, host, endpoint.port, receive_buffer, error, size);
}

static bool
set_up(struct snmp_input *input, const struct config *config)
{
	const struct udp_listeners_handler handler = { input, on_datagram, on_turn_end };

	input->decoder = snmp_decoder_new();
	input->waiting = snmp_waiting_new(SNMP_INPUT_WAITING_MAX);
	input->listeners =
	    udp_listeners_new(input->loop, "snmp", input->stats, STAT_TRAP_KERNEL_DROPS, &handler);
	input->send_rate = (struct log_rate){ .interval_ms = 60000, .burst = 5 };
	if (getrandom(&input->seed, sizeof(input->seed), GRND_NONBLOCK) < 0)
		input->seed = 0;
	return input->decoder != NULL && input->waiting != NULL && input->listeners != NULL &&
	       gate_copy(config, &input->gate) == 0;
}

static void
warn_of_users(const struct config *config)
{
	if (config->snmp.user.n > 0)
		log_warning(
		    "snmp: SNMPv3 is not built yet: [snmp] user is not used, and v3 datagrams "
		    "are refused and counted (trap.bad-version)");
}

struct snmp_input *
snmp_input_new(struct loop *loop, const struct config *config, struct stats *stats,
    const struct snmp_input_handler *handler, char *error, size_t size)
{
	struct snmp_input *input = calloc(1, sizeof(*input));

	if (input == NULL) {
		snprintf(error, size, "out of memory");
		return NULL;
	}
	input->loop = loop;
	input->stats = stats;
	input->handler = *handler;
	if (!set_up(input, config)) {
		snprintf(error, size, "out of memory");
		goto fail;
	}
	for (size_t i = 0; i < config->snmp.listen.n; i++)
		if (open_listener(input, config->snmp.listen.items[i],
			(size_t)config->snmp.receive_buffer, error, size) != 0)
			goto fail;
	warn_of_users(config);
	return input;
fail:
	snmp_input_free(input);
	return NULL;
}

void
snmp_input_read(struct snmp_input *input, bool on)
{
	udp_listeners_read(input->listeners, on);
}

void
snmp_input_configure(struct snmp_input *input, const struct config *config)
{
	struct gate gate;

	if (gate_copy(config, &gate) != 0) {
		log_error("snmp: out of memory: the communities and networks stay as they were");
		return;
	}
	gate_release(&input->gate);
	input->gate = gate;
	warn_of_users(config);
}

void
snmp_input_answer(struct snmp_input *input, uint64_t done)
{
	const struct snmp_answer *answer;

	while ((answer = snmp_waiting_first(input->waiting, done)) != NULL) {
		send_answer(input, answer);
		snmp_waiting_drop_first(input->waiting);
	}
}

size_t
snmp_input_waiting(const struct snmp_input *input)
{
	return snmp_waiting_count(input->waiting);
}

size_t
snmp_input_n_listeners(const struct snmp_input *input)
{
	return udp_listeners_count(input->listeners);
}

const char *
snmp_input_listener(const struct snmp_input *input, size_t i, size_t *ret_receive_buffer)
{
	const struct udp_batch *batch = udp_listeners_batch(input->listeners, i);

	*ret_receive_buffer = udp_batch_receive_buffer(batch);
	return udp_batch_name(batch);
}

void
snmp_input_drain(struct snmp_input *input)
{
	udp_listeners_drain(input->listeners);
}

void
snmp_input_free(struct snmp_input *input)
{
	if (input == NULL)
		return;
	udp_listeners_free(input->listeners);
	snmp_waiting_free(input->waiting);
	snmp_decoder_free(input->decoder);
	gate_release(&input->gate);
	free(input);
}
