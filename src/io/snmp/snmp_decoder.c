#include "io/snmp_decoder.h"

#include <net-snmp/net-snmp-config.h>

#include <net-snmp/net-snmp-includes.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "io/memory_session.h"
#include "io/snmp_varbinds.h"
#include "util/htab.h"
#include "util/log.h"

/* The library's own bound of what it receives (SNMP_MAX_RCV_MSG_SIZE), and of what a datagram can carry. */
#define MESSAGE_MAX 65536

/* The library counts why USM refused a message, and tells nobody else. */
#define N_USM_STATS (STAT_USM_STATS_END - STAT_USM_STATS_START + 1)

struct snmp_decoder {
	struct memory_session *session;

	/* the datagram at hand */
	bool misplaced;   /* a notification's PDU, but of another version */
	bool handed_over; /* fn was called */
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

static bool
on_send(void *ctx, struct slice bytes)
{
	struct snmp_decoder *decoder = ctx;

	if (bytes.len > sizeof(decoder->sent))
		return false;
	memcpy(decoder->sent, bytes.data, bytes.len);
	decoder->sent_len = bytes.len;
	return true;
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
	/* See memory_session_was_parsed(). */
	if (operation != NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE ||
	    !memory_session_was_parsed(decoder->session))
		return 1;
	if (!is_notification(pdu)) {
		decoder->misplaced = is_foreign_notification(pdu);
		return 1;
	}
	struct snmp_notification notification = {
		.community = { (const char *)pdu->community, pdu->community_len },
		.request_id = (int32_t)pdu->reqid,
	};
	if (pdu->version == SNMP_VERSION_3) {
		notification.engine_id = bytes_of(pdu->securityEngineID, pdu->securityEngineIDLen);
		notification.user = bytes_of(pdu->securityName, pdu->securityNameLen);
		notification.content = hash_content(pdu);
	}
	read_trap(decoder, pdu, &notification.trap);
	notification.cut = snmp_varbinds_beyond(pdu, TRAP_VARBINDS_MAX);
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
	snmp_sess_init(&config);
	config.version = SNMP_DEFAULT_VERSION; /* whatever comes */
	config.isAuthoritative = SNMP_SESS_UNKNOWNAUTH;
	config.callback = on_message;
	config.callback_magic = decoder;
	const struct memory_session_handler handler = { decoder, on_send };
	decoder->session = memory_session_open(&config, MESSAGE_MAX, &handler);
	if (decoder->session != NULL)
		return decoder;
	free(decoder);
	return NULL;
}

void
snmp_decoder_free(struct snmp_decoder *decoder)
{
	if (decoder == NULL)
		return;
	memory_session_close(decoder->session);
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
	return memory_session_was_parsed(decoder->session) && !decoder->misplaced
		   ? DECODED_NOT_A_TRAP
		   : DECODED_MALFORMED;
}

enum snmp_decoded
snmp_decoder_feed(struct snmp_decoder *decoder, struct slice datagram,
    void (*fn)(void *ctx, const struct snmp_notification *notification), void *ctx)
{
	decoder->fn = fn;
	decoder->ctx = ctx;
	decoder->misplaced = false;
	decoder->handed_over = false;
	decoder->sent_len = 0;
	note_usm_stats(decoder);
	memory_session_read(decoder->session, datagram);
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
	if (snmp_sess_send(memory_session_library(decoder->session), response) == 0) {
		snmp_free_pdu(response);
		return -ENOMEM;
	}
	*ret_bytes = (struct slice){ decoder->sent, decoder->sent_len };
	return 0;
}
