/*
 * net-snmp without its sockets. The library asks its transport for a datagram when its descriptor is readable, and gives it
 * what it wants to send: so the descriptor is a number that stands for nothing, f_recv copies the datagram at hand, and
 * f_send keeps the bytes. `opaque`, the library's idea of an address, stays NULL: there is only ever one datagram at hand.
 */
#include "io/snmp_decoder.h"

#include <net-snmp/net-snmp-config.h>

#include <net-snmp/net-snmp-includes.h>

#include <net-snmp/library/large_fd_set.h>
#include <net-snmp/library/snmp_transport.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "io/snmp_varbinds.h"
#include "util/htab.h"
#include "util/log.h"

/* Any number will do that is no negative and small: it is only a bit in a set. */
#define PRETENDED_FD 0

/* The library's own bound of what it receives (SNMP_MAX_RCV_MSG_SIZE), and of what a datagram can carry. */
#define MESSAGE_MAX 65536

/* The library counts why USM refused a message, and tells nobody else. */
#define N_USM_STATS (STAT_USM_STATS_END - STAT_USM_STATS_START + 1)

struct snmp_decoder {
	void *handle; /* net-snmp's */
	netsnmp_large_fd_set fds;

	struct slice datagram; /* at hand */
	bool parsed;           /* the library could read it */
	bool handed_over;      /* fn was called */
	void (*fn)(void *ctx, const struct snmp_notification *notification);
	void *ctx;
	netsnmp_pdu *pdu;             /* of the notification at hand; NULL outside of fn */
	u_int usm_stats[N_USM_STATS]; /* as they were before it */

	struct trap_varbind varbinds[TRAP_VARBINDS_MAX];
	size_t sent_len;
	char sent[MESSAGE_MAX];
};

_Static_assert(
    sizeof(oid) == sizeof(unsigned long), "an OID of the library is looked at where it lies");

/* net-snmp frees the transport with free(): ours goes with it. */
struct transport {
	netsnmp_transport base; /* first, so that it is the same address */
	struct snmp_decoder *decoder;
};

/* ---- the transport ---- */

static int
transport_receive(
    netsnmp_transport *base, void *buf, int size, void **ret_opaque, int *ret_opaque_len)
{
	const struct snmp_decoder *decoder = ((struct transport *)base)->decoder;
	size_t len = decoder->datagram.len;

	*ret_opaque = NULL;
	*ret_opaque_len = 0;
	if (size < 0 || len > (size_t)size)
		return -1;
	memcpy(buf, decoder->datagram.data, len);
	return (int)len;
}

static int
transport_send(netsnmp_transport *base, const void *buf, int size, void **opaque, int *opaque_len)
{
	struct snmp_decoder *decoder = ((struct transport *)base)->decoder;

	(void)opaque;
	(void)opaque_len;
	if (size < 0 || (size_t)size > sizeof(decoder->sent))
		return -1;
	memcpy(decoder->sent, buf, (size_t)size);
	decoder->sent_len = (size_t)size;
	return size;
}

static int
transport_close(netsnmp_transport *base)
{
	(void)base;
	return 0;
}

static netsnmp_transport *
new_transport(struct snmp_decoder *decoder)
{
	struct transport *transport = calloc(1, sizeof(*transport));

	if (transport == NULL)
		return NULL;
	transport->decoder = decoder;
	transport->base.domain = netsnmpUDPDomain;
	transport->base.domain_length = (int)netsnmpUDPDomain_len;
	transport->base.sock = PRETENDED_FD;
	transport->base.msgMaxSize = MESSAGE_MAX;
	transport->base.f_recv = transport_receive;
	transport->base.f_send = transport_send;
	transport->base.f_close = transport_close;
	return &transport->base;
}

/* ---- a PDU as a value ---- */

/* A number of the PDU as an int; what does not fit is -1, which means nothing anywhere. */
static int
to_int(long value)
{
	return value < 0 || value > INT32_MAX ? -1 : (int)value;
}

static struct slice
bytes_of(const void *data, size_t len)
{
	return (struct slice){ data, data == NULL ? 0 : len };
}

/* A trap's authoritative engine is the sender's; of an INFORM it is ours, and its context is the sender's (RFC 3413 3.2). */
static void
read_sender(const netsnmp_pdu *pdu, struct trap *trap)
{
	trap->level = pdu->securityLevel - SNMP_SEC_LEVEL_NOAUTH;
	if (pdu->securityLevel == SNMP_SEC_LEVEL_NOAUTH)
		return;
	trap->engine_id = trap->inform ? bytes_of(pdu->contextEngineID, pdu->contextEngineIDLen)
				       : bytes_of(pdu->securityEngineID, pdu->securityEngineIDLen);
}

/* Repetitions of a v3 INFORM have a message id and a time of their own: what they say is the same. */
static uint64_t
hash_content(const netsnmp_pdu *pdu)
{
	uint64_t hash = hash_bytes(pdu->contextEngineID, pdu->contextEngineIDLen, 0);

	hash = hash_bytes(&pdu->reqid, sizeof(pdu->reqid), hash);
	for (const netsnmp_variable_list *variable = pdu->variables; variable != NULL;
	     variable = variable->next_variable) {
		hash = hash_bytes(variable->name, variable->name_length * sizeof(oid), hash);
		hash = hash_bytes(&variable->type, sizeof(variable->type), hash);
		if (variable->val_len > 0 && variable->val.string != NULL)
			hash = hash_bytes(variable->val.string, variable->val_len, hash);
	}
	return hash;
}

static void
read_trap(struct snmp_decoder *decoder, const netsnmp_pdu *pdu, struct trap *ret_trap)
{
	*ret_trap = (struct trap){
		.version = pdu->version == SNMP_VERSION_1    ? 1
			   : pdu->version == SNMP_VERSION_2c ? 2
							     : 3,
		.inform = pdu->command == SNMP_MSG_INFORM,
		.varbinds = decoder->varbinds,
		.n_varbinds = snmp_varbinds_read(pdu, decoder->varbinds, TRAP_VARBINDS_MAX),
	};
	if (ret_trap->version == 3)
		read_sender(pdu, ret_trap);
	if (ret_trap->version != 1)
		return;
	ret_trap->enterprise = (struct oid){ pdu->enterprise, pdu->enterprise_length };
	ret_trap->generic = to_int(pdu->trap_type);
	ret_trap->specific = to_int(pdu->specific_type);
	memcpy(ret_trap->agent_addr, pdu->agent_addr, sizeof(ret_trap->agent_addr));
	ret_trap->has_timestamp = pdu->time <= UINT32_MAX;
	ret_trap->timestamp_cs = (uint32_t)pdu->time;
}

/* ---- the library calls back ---- */

static int
on_parsed(netsnmp_session *library_session, netsnmp_pdu *pdu, int failure)
{
	struct snmp_decoder *decoder = library_session->callback_magic;

	(void)pdu;
	decoder->parsed = failure == 0;
	return 1;
}

/* RFC 1157 4.1.6 has Trap-PDU in v1 only, RFC 3416 4.2.6 the other two in later versions only. */
static bool
is_notification(const netsnmp_pdu *pdu)
{
	if (pdu->version == SNMP_VERSION_1)
		return pdu->command == SNMP_MSG_TRAP;
	return pdu->command == SNMP_MSG_TRAP2 || pdu->command == SNMP_MSG_INFORM;
}

static bool
is_foreign_notification(const netsnmp_pdu *pdu)
{
	return pdu->command == SNMP_MSG_TRAP || pdu->command == SNMP_MSG_TRAP2 ||
	       pdu->command == SNMP_MSG_INFORM;
}

static int
on_message(
    int operation, netsnmp_session *library_session, int request_id, netsnmp_pdu *pdu, void *magic)
{
	struct snmp_decoder *decoder = magic;

	(void)library_session;
	(void)request_id;
	/* The library also calls for a message whose digest is wrong, before it says that it could not parse it. */
	if (operation != NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE || !decoder->parsed)
		return 1;
	if (!is_notification(pdu)) {
		decoder->parsed = !is_foreign_notification(pdu);
		return 1;
	}
	struct snmp_notification notification = {
		.community = { (const char *)pdu->community, pdu->community_len },
		.request_id = (int32_t)pdu->reqid,
	};
	if (pdu->version == SNMP_VERSION_3) {
		notification.engine_id = bytes_of(pdu->securityEngineID, pdu->securityEngineIDLen);
		notification.context_engine_id =
		    bytes_of(pdu->contextEngineID, pdu->contextEngineIDLen);
		notification.user = bytes_of(pdu->securityName, pdu->securityNameLen);
		notification.content = hash_content(pdu);
	}
	read_trap(decoder, pdu, &notification.trap);
	decoder->handed_over = true;
	decoder->pdu = pdu;
	decoder->fn(decoder->ctx, &notification);
	decoder->pdu = NULL;
	return 1;
}

static int
on_log(int major, int minor, void *server_arg, void *client_arg)
{
	static struct log_rate rate = { .interval_ms = 60000, .burst = 10 };
	const struct snmp_log_message *message = server_arg;
	uint64_t held_back;

	(void)major;
	(void)minor;
	(void)client_arg;
	if (!log_rate_take(&rate, &held_back))
		return 0;
	size_t len = strcspn(message->msg, "\n");
	log_debug("net-snmp: %.*s", (int)len, message->msg);
	if (held_back > 0)
		log_debug(
		    "net-snmp: %llu lines before it were held back", (unsigned long long)held_back);
	return 0;
}

/*
 * Once in a process. init_snmp() is not called: what it adds (MIB modules, configuration files) is not used, and the rest
 * comes with the first session; USM with io/usm_library.
 */
static void
set_up_library(void)
{
	static bool done;

	if (done)
		return;
	done = true;
	snmp_disable_log();
	snmp_enable_calllog();
	snmp_register_callback(SNMP_CALLBACK_LIBRARY, SNMP_CALLBACK_LOGGING, on_log, NULL);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_READ_CONFIGS, 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_PERSIST_STATE, 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DISABLE_PERSISTENT_LOAD, 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DISABLE_PERSISTENT_SAVE, 1);
	/* The library's answer to RFC 5343 probes would not ask whether they were authentic. */
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_NO_DISCOVERY, 1);
	netsnmp_set_mib_directory("");
}

/* ---- what the header promises ---- */

struct snmp_decoder *
snmp_decoder_new(void)
{
	netsnmp_session config;
	struct snmp_decoder *decoder = calloc(1, sizeof(*decoder));

	if (decoder == NULL)
		return NULL;
	set_up_library();
	netsnmp_large_fd_set_init(&decoder->fds, FD_SETSIZE);
	snmp_sess_init(&config);
	config.version = SNMP_DEFAULT_VERSION; /* whatever comes */
	config.isAuthoritative = SNMP_SESS_UNKNOWNAUTH;
	config.callback = on_message;
	config.callback_magic = decoder;
	netsnmp_transport *transport = new_transport(decoder);
	if (transport != NULL) /* the library frees it where it fails */
		decoder->handle = snmp_sess_add(&config, transport, NULL, on_parsed);
	if (decoder->handle == NULL) {
		snmp_decoder_free(decoder);
		return NULL;
	}
	return decoder;
}

void
snmp_decoder_free(struct snmp_decoder *decoder)
{
	if (decoder == NULL)
		return;
	if (decoder->handle != NULL)
		snmp_sess_close(decoder->handle);
	netsnmp_large_fd_set_cleanup(&decoder->fds);
	free(decoder);
}

static void
note_usm_stats(struct snmp_decoder *decoder)
{
	for (int i = 0; i < N_USM_STATS; i++)
		decoder->usm_stats[i] = snmp_get_statistic(STAT_USM_STATS_START + i);
}

/* Why the library did not hand a datagram over. */
static enum snmp_decoded
tell_refusal(const struct snmp_decoder *decoder)
{
	static const enum snmp_decoded refusals[N_USM_STATS] = {
		[STAT_USMSTATSUNSUPPORTEDSECLEVELS - STAT_USM_STATS_START] =
		    DECODED_UNSUPPORTED_LEVEL,
		[STAT_USMSTATSNOTINTIMEWINDOWS - STAT_USM_STATS_START] = DECODED_NOT_IN_TIME,
		[STAT_USMSTATSUNKNOWNUSERNAMES - STAT_USM_STATS_START] = DECODED_UNKNOWN_USER,
		[STAT_USMSTATSUNKNOWNENGINEIDS - STAT_USM_STATS_START] = DECODED_UNKNOWN_ENGINE,
		[STAT_USMSTATSWRONGDIGESTS - STAT_USM_STATS_START] = DECODED_WRONG_DIGEST,
		[STAT_USMSTATSDECRYPTIONERRORS - STAT_USM_STATS_START] = DECODED_NOT_DECRYPTED,
	};

	for (int i = 0; i < N_USM_STATS; i++)
		if (snmp_get_statistic(STAT_USM_STATS_START + i) != decoder->usm_stats[i])
			return refusals[i];
	return decoder->parsed ? DECODED_NOT_A_TRAP : DECODED_MALFORMED;
}

enum snmp_decoded
snmp_decoder_feed(struct snmp_decoder *decoder, struct slice datagram,
    void (*fn)(void *ctx, const struct snmp_notification *notification), void *ctx)
{
	decoder->datagram = datagram;
	decoder->fn = fn;
	decoder->ctx = ctx;
	decoder->parsed = false;
	decoder->handed_over = false;
	decoder->sent_len = 0;
	note_usm_stats(decoder);
	NETSNMP_LARGE_FD_SET(PRETENDED_FD, &decoder->fds);
	(void)snmp_sess_read2(decoder->handle, &decoder->fds);
	decoder->datagram = (struct slice){ NULL, 0 };
	if (decoder->handed_over)
		return DECODED_NOTIFICATION;
	return tell_refusal(decoder);
}

struct slice
snmp_decoder_report(const struct snmp_decoder *decoder)
{
	return (struct slice){ decoder->sent, decoder->handed_over ? 0 : decoder->sent_len };
}

int
snmp_decoder_response(struct snmp_decoder *decoder, struct slice *ret_bytes)
{
	if (decoder->pdu == NULL || decoder->pdu->command != SNMP_MSG_INFORM)
		return -EINVAL;
	netsnmp_pdu *response = snmp_clone_pdu(decoder->pdu);
	if (response == NULL)
		return -ENOMEM;
	response->command = SNMP_MSG_RESPONSE;
	response->errstat = 0;
	response->errindex = 0;
	decoder->sent_len = 0;
	/* The library owns what it could send, and only that. */
	if (snmp_sess_send(decoder->handle, response) == 0) {
		snmp_free_pdu(response);
		return -ENOMEM;
	}
	*ret_bytes = (struct slice){ decoder->sent, decoder->sent_len };
	return 0;
}
