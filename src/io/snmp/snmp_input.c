/*
 * udp_listeners -> snmp_gate, snmp_peek -> trap_wire, or where it declines: snmp_shape, snmp_v3 -> snmp_decoder
 *     -> handler -> answer now, later or never.
 *
 * What refuses comes before what costs: a stranger's datagram never reaches the library.
 */
#include "io/snmp_input.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "core/ber.h"
#include "core/snmp_peek.h"
#include "core/snmp_shape.h"
#include "core/trap_wire.h"
#include "io/snmp_answers.h"
#include "io/snmp_decoder.h"
#include "io/snmp_gate.h"
#include "io/snmp_v3.h"
#include "io/stream_set.h"
#include "io/udp_listeners.h"
#include "util/htab.h"
#include "util/log.h"

static const struct stream_limits stream_limits = {
	.max_connections = 512, .max_message = 65536, .idle_ms = 86400000, /* a day */
};

/* An answer of v3 tells our time: after this its receiver need not take it any more (RFC 3414 3.2, 7: 150 s). */
#define V3_ANSWER_NS INT64_C(140000000000)

struct snmp_input {
	struct loop *loop;
	struct stats *stats;
	struct snmp_input_handler handler;
	struct snmp_gate gate;
	struct snmp_v3 *v3;
	struct input_sockets sockets;
	struct snmp_decoder *decoder;
	struct snmp_answers *answers;
	uint64_t seed; /* of digests */
	struct log_rate cut_rate;

	/* the datagram at hand */
	size_t listener;
	const struct udp_datagram *datagram;
	uint64_t connection; /* that it came over; 0: it is one */
	struct input_origin origin;
	struct snmp_v3_pass pass;
	struct trap_wire wire;
};

/* ---- streams ---- */

/* RFC 3430 2.1: messages follow each other, and each tells its length. */
static enum frame_result
cut(struct stream_frame *frame, struct slice bytes, size_t *ret_used, struct slice *ret_message)
{
	size_t len = 0;
	enum frame_result result = ber_frame(bytes, BER_SEQUENCE, frame->max_message, &len);

	if (result == FRAME_ERROR)
		return result;
	*ret_used = len;
	*ret_message = slice_first(bytes, len);
	return result;
}

static const struct stream_protocol protocol = {
	.input = "snmp",
	.bad_frame = "no message begins where one must, or one longer than 65536 bytes",
	.bound = "as many as may be",
	.accepted = STAT_TRAP_CONNECTIONS,
	.refused = STAT_TRAP_REFUSED_CONNECTIONS,
	.displaced = STAT_TRAP_DISPLACED_CONNECTIONS,
	.not_allowed = STAT_TRAP_NOT_ALLOWED,
	.bad_frames = STAT_TRAP_BAD_FRAME,
	.half_messages = STAT_MAX,
	.tls_refused = STAT_MAX,
	.cut = cut,
};

/* ---- answers ---- */

static uint16_t
port_of(const struct sockaddr_storage *address)
{
	if (address->ss_family == AF_INET)
		return ntohs(((const struct sockaddr_in *)address)->sin_port);
	return ntohs(((const struct sockaddr_in6 *)address)->sin6_port);
}

/* An answer to the datagram at hand, without its bytes. */
static struct snmp_answer
answer_to(const struct snmp_input *input, int32_t request_id)
{
	return (struct snmp_answer){
		.key = {
			.sender = input->origin.from,
			.port = port_of(&input->datagram->from),
			.listener = (uint32_t)input->listener,
			.request_id = request_id,
		},
		.connection = input->connection,
		.to = input->datagram->from,
		.to_len = input->datagram->from_len,
		.from = input->datagram->to,
	};
}

static void
answer_inform(struct snmp_input *input, const struct snmp_notification *notification,
    enum input_answer how, uint64_t ticket)
{
	struct snmp_answer answer = answer_to(input, notification->request_id);

	if (notification->trap.version == 3)
		answer.expires_ns = input->origin.time.now_ns + V3_ANSWER_NS;
	if (how == ANSWER_NEVER)
		return;
	if (snmp_decoder_response(input->decoder, &answer.bytes) != 0 ||
	    snmp_answers_give(input->answers, &answer, how, ticket) != 0)
		stats_add(input->stats, STAT_TRAP_INFORM_DROPPED, 1);
}

/* What the library says by itself to the sender of the datagram at hand. */
static void
send_report(struct snmp_input *input)
{
	struct snmp_answer report = answer_to(input, 0);

	report.bytes = snmp_decoder_report(input->decoder);
	if (report.bytes.len == 0)
		return;
	if (!snmp_v3_may_report(input->v3, &input->origin.from, input->origin.time.now_ns))
		stats_add(input->stats, STAT_TRAP_V3_LIMITED, 1);
	else if (snmp_answers_send(input->answers, &report) == 0)
		stats_add(input->stats, STAT_TRAP_REPORTS, 1);
}

/* ---- one datagram ---- */

/* Of a v3 INFORM: its repetitions differ in what stands around their content. */
static uint64_t
content_digest(const struct snmp_input *input, const struct snmp_notification *notification)
{
	uint64_t hash = hash_bytes(&input->origin.from, sizeof(input->origin.from), input->seed);

	hash = hash_bytes(notification->user.data, notification->user.len, hash);
	return hash_bytes(&notification->content, sizeof(notification->content), hash);
}

/* Of a message of that level. Authentic bytes that come again are the same message again, wherever they come from. */
static uint64_t
bytes_digest(const struct snmp_input *input, int level)
{
	struct slice bytes = input->datagram->bytes;
	uint64_t hash = input->seed;

	if (level == MIN_LEVEL_NO_AUTH_NO_PRIV)
		hash = hash_bytes(&input->origin.from, sizeof(input->origin.from), hash);
	return hash_bytes(bytes.data, bytes.len, hash);
}

/* Asked again, of what the library read: two readers of one message must not be played off. STAT_MAX: it may speak. */
static enum stats_counter
check_again(struct snmp_input *input, const struct snmp_notification *notification)
{
	const struct snmp_v3_pass *pass = &input->pass;

	if (notification->trap.version != 3)
		return snmp_gate_knows(&input->gate, notification->community)
			   ? STAT_MAX
			   : STAT_TRAP_BAD_COMMUNITY;
	if (!slice_eq(notification->user, pass->header.user) ||
	    !slice_eq(notification->engine_id, pass->header.engine_id))
		return STAT_TRAP_MALFORMED;
	return snmp_v3_accept(
	    input->v3, pass, notification->trap.level, &input->origin.from, &input->origin.time);
}

static void
count_refusal(struct snmp_input *input, enum stats_counter why)
{
	stats_add(input->stats, why, 1);
	input->handler.refused(input->handler.ctx, &input->origin, why);
}

static void
count_cut(struct snmp_input *input)
{
	char address[ADDR_TEXT_MAX];
	uint64_t held_back;

	stats_add(input->stats, STAT_TRAP_CUT, 1);
	if (!log_rate_take(&input->cut_rate, &held_back))
		return;
	log_warning("snmp: a trap from %s has more than %d varbinds; the first %d were read",
	    addr_format(&input->origin.from, address), TRAP_VARBINDS_MAX, TRAP_VARBINDS_MAX);
	if (held_back > 0)
		log_warning("snmp: %llu such lines before it were held back",
		    (unsigned long long)held_back);
}

static void
on_notification(void *ctx, const struct snmp_notification *notification)
{
	struct snmp_input *input = ctx;
	struct trap trap = notification->trap;
	uint64_t ticket = 0;

	enum stats_counter refused = check_again(input, notification);
	if (refused != STAT_MAX) {
		count_refusal(input, refused);
		return;
	}
	if (notification->cut)
		count_cut(input);
	trap.digest = trap.version == 3 && trap.inform ? content_digest(input, notification)
						       : bytes_digest(input, trap.level);
	enum input_answer how =
	    input->handler.trap(input->handler.ctx, &trap, &input->origin, &ticket);
	if (!trap.inform)
		return;
	stats_add(input->stats, STAT_TRAP_INFORM, 1);
	answer_inform(input, notification, how, ticket);
}

/* The checks before anything is decoded. Returns the counter of the refusal, or STAT_MAX. */
static enum stats_counter
refuse(struct snmp_input *input, struct slice datagram, int64_t *ret_version)
{
	struct snmp_peek peek;

	if (!snmp_gate_allows(&input->gate, &input->origin.from))
		return STAT_TRAP_NOT_ALLOWED;
	if (!snmp_peek(datagram, &peek))
		return STAT_TRAP_MALFORMED;
	*ret_version = peek.version;
	if (peek.version == SNMP_WIRE_V3
		? !snmp_v3_has_users(input->v3)
		: peek.version != SNMP_WIRE_V1 && peek.version != SNMP_WIRE_V2C)
		return STAT_TRAP_BAD_VERSION;
	if (peek.version != SNMP_WIRE_V3 && !snmp_gate_knows(&input->gate, peek.community))
		return STAT_TRAP_BAD_COMMUNITY;
	return STAT_MAX;
}

/* The traps of a storm: nothing is answered, and nobody but trap_wire reads them. False: not one of these. */
static bool
take_plain(struct snmp_input *input, struct slice datagram)
{
	const uint64_t digest = bytes_digest(input, MIN_LEVEL_NO_AUTH_NO_PRIV);
	struct trap trap;
	uint64_t ticket = 0;

	input->handler.expect(input->handler.ctx, digest);
	if (!trap_wire_read(datagram, &input->wire, &trap))
		return false;
	trap.digest = digest;
	(void)input->handler.trap(input->handler.ctx, &trap, &input->origin, &ticket);
	return true;
}

static const enum stats_counter decoded_stats[] = {
	[DECODED_NOTIFICATION] = STAT_MAX,
	[DECODED_NOT_A_TRAP] = STAT_TRAP_NOT_A_TRAP,
	[DECODED_MALFORMED] = STAT_TRAP_MALFORMED,
	[DECODED_UNSUPPORTED_LEVEL] = STAT_TRAP_V3_UNSUPPORTED_LEVEL,
	[DECODED_NOT_IN_TIME] = STAT_TRAP_V3_NOT_IN_TIME,
	[DECODED_UNKNOWN_USER] = STAT_TRAP_V3_UNKNOWN_USER,
	[DECODED_UNKNOWN_ENGINE] = STAT_TRAP_V3_UNKNOWN_ENGINE,
	[DECODED_WRONG_DIGEST] = STAT_TRAP_V3_WRONG_DIGEST,
	[DECODED_NOT_DECRYPTED] = STAT_TRAP_V3_NOT_DECRYPTED,
};

static void
take_by_library(struct snmp_input *input, struct slice bytes, bool v3)
{
	enum stats_counter refused = STAT_MAX;

	if (!snmp_shape_fits(bytes))
		refused = STAT_TRAP_MALFORMED;
	else if (v3)
		refused = snmp_v3_enter(
		    input->v3, bytes, &input->origin.from, input->origin.time.now_ns, &input->pass);
	if (refused != STAT_MAX) {
		count_refusal(input, refused);
		return;
	}
	enum snmp_decoded decoded =
	    snmp_decoder_feed(input->decoder, bytes, on_notification, input);
	if (v3)
		snmp_v3_leave(input->v3, &input->pass);
	if (decoded == DECODED_NOTIFICATION)
		return;
	/* Its digest was right, or the library would have said so: what a wrong key deciphers is no PDU. */
	if (v3 && decoded == DECODED_MALFORMED && (input->pass.header.flags & USM_FLAG_PRIV))
		decoded = DECODED_NOT_DECRYPTED;
	count_refusal(input, decoded_stats[decoded]);
	if (v3)
		send_report(input);
}

static void
take(struct snmp_input *input, const struct udp_datagram *datagram, struct engine_time now)
{
	int64_t version = SNMP_WIRE_V1;

	stats_add(input->stats, STAT_TRAP_RECEIVED, 1);
	input->datagram = datagram;
	input->origin.time = now;
	input->origin.time.wall_us = datagram->received_us;
	if (!addr_from_sockaddr((const struct sockaddr *)&datagram->from, &input->origin.from))
		return;
	enum stats_counter refused = refuse(input, datagram->bytes, &version);
	if (refused != STAT_MAX)
		count_refusal(input, refused);
	else if (version == SNMP_WIRE_V3 || !take_plain(input, datagram->bytes))
		take_by_library(input, datagram->bytes, version == SNMP_WIRE_V3);
}

static void
on_datagram(void *ctx, size_t i, const struct udp_datagram *datagram, struct engine_time now)
{
	struct snmp_input *input = ctx;

	input->listener = i;
	input->connection = 0;
	take(input, datagram, now);
}

/* A message of a stream is taken as if it were a datagram. */
static void
on_message(void *ctx, const struct stream_message *message, struct engine_time now)
{
	struct snmp_input *input = ctx;
	const struct udp_datagram datagram = {
		.bytes = message->bytes,
		.from = message->peer->address,
		.from_len = message->peer->address_len,
		.received_us = now.wall_us,
	};

	input->listener = SIZE_MAX;
	input->connection = message->connection;
	take(input, &datagram, now);
}

static bool
on_allows(void *ctx, const struct addr *from)
{
	return snmp_gate_allows(&((struct snmp_input *)ctx)->gate, from);
}

static void
on_stream_refused(
    void *ctx, const struct addr *from, enum stats_counter why, struct engine_time time)
{
	const struct snmp_input *input = ctx;
	const struct input_origin origin = { .from = *from, .time = time };

	input->handler.refused(input->handler.ctx, &origin, why);
}

static void
on_turn_end(void *ctx)
{
	struct snmp_input *input = ctx;

	input->handler.turn_end(input->handler.ctx);
}

/* ---- what the header promises ---- */

static int
set_up(struct snmp_input *input, const struct config *config, char *error, size_t size)
{
	const struct udp_listeners_handler handler = { input, on_datagram, on_turn_end };
	const struct stream_set_handler stream_handler = { input, on_allows, on_message,
		on_stream_refused, on_turn_end };

	input->decoder = snmp_decoder_new();
	input->sockets.datagrams = udp_listeners_new(
	    input->loop, "snmp", input->stats, STAT_TRAP_KERNEL_DROPS, STAT_TRAP_AHEAD, &handler);
	input->answers = snmp_answers_new(&input->sockets, input->stats);
	input->cut_rate = (struct log_rate){ .interval_ms = 60000, .burst = 1 };
	if (getrandom(&input->seed, sizeof(input->seed), GRND_NONBLOCK) < 0)
		input->seed = 0;
	input->sockets.streams =
	    stream_set_new(input->loop, &protocol, input->stats, &stream_limits, &stream_handler);
	input->v3 = snmp_v3_new(input->loop, config, input->stats);
	if (input->decoder == NULL || input->answers == NULL || input->sockets.datagrams == NULL ||
	    input->sockets.streams == NULL || input->v3 == NULL) {
		snprintf(error, size, "out of memory");
		return -1;
	}
	if (snmp_gate_open(config, &input->gate, error, size) != 0)
		return -1;
	return snmp_v3_configure(input->v3, config, error, size);
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
	if (set_up(input, config, error, size) == 0 &&
	    input_sockets_open(&input->sockets, &config->snmp.listen,
		(size_t)config->snmp.receive_buffer, error, size) == 0)
		return input;
	snmp_input_free(input);
	return NULL;
}

const struct input_sockets *
snmp_input_sockets(const struct snmp_input *input)
{
	return &input->sockets;
}

void
snmp_input_configure(struct snmp_input *input, const struct config *config)
{
	struct snmp_gate gate;
	char error[512];

	if (snmp_gate_open(config, &gate, error, sizeof(error)) != 0) {
		log_error("%s; the communities and networks stay as they were", error);
		return;
	}
	snmp_gate_release(&input->gate);
	input->gate = gate;
	if (snmp_v3_configure(input->v3, config, error, sizeof(error)) != 0)
		log_error("%s; the SNMPv3 users stay as they were", error);
}

int
snmp_input_check(const struct config *config, char *error, size_t size)
{
	struct snmp_gate gate;

	if (snmp_gate_open(config, &gate, error, size) != 0)
		return -1;
	snmp_gate_release(&gate);
	return snmp_v3_check(config, error, size);
}

struct usm_engines *
snmp_input_engines(const struct snmp_input *input)
{
	return snmp_v3_engines(input->v3);
}

void
snmp_input_answer(struct snmp_input *input, uint64_t done)
{
	snmp_answers_done(input->answers, done, loop_now(input->loop).now_ns);
}

void
snmp_input_fed(struct snmp_input *input, uint64_t number, uint64_t ticket)
{
	snmp_answers_fed(input->answers, number, ticket);
}

size_t
snmp_input_held(const struct snmp_input *input)
{
	return snmp_answers_held(input->answers);
}

void
snmp_input_free(struct snmp_input *input)
{
	if (input == NULL)
		return;
	input_sockets_release(&input->sockets);
	snmp_answers_free(input->answers);
	snmp_decoder_free(input->decoder);
	snmp_v3_free(input->v3);
	snmp_gate_release(&input->gate);
	free(input);
}
