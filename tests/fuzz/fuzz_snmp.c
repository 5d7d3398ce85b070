/*
 * fuzz_snmp: any datagram -> what the listener does with it: peek, trap_wire, shape, the v3 header, net-snmp, and the trap's
 * meaning by the shipped rules. What trap_wire reads, the library must read, too, and the same. A message of v3 is for one of two users: "open", who needs no keys, and "monitor" (SHA, AES). Run from the
 * top of the tree.
 */
#include <stdlib.h>
#include <string.h>

#include "core/snmp_peek.h"
#include "core/snmp_shape.h"
#include "core/trap_link.h"
#include "core/trap_rules.h"
#include "core/trap_wire.h"
#include "core/usm_header.h"
#include "io/snmp_decoder.h"
#include "io/usm_library.h"
#include "lib/shipped_rules.h"
#include "lib/trap_same.h"

#define OWN_ENGINE SLICE("\x80\x00\x1f\x88\x80\x01\x02\x03\x04")

static struct rules *rules;
static struct snmp_decoder *decoder;
static struct usm_master open_user, monitor;
static struct trap_wire room;

/* What was read before the library had it. */
struct read_before {
	const struct usm_header *header; /* v3 */
	const struct trap *trap;         /* by trap_wire; NULL: declined */
};

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	rules = shipped_rules();
	decoder = snmp_decoder_new();
	if (decoder == NULL || !usm_library_open(OWN_ENGINE, 1) ||
	    !usm_master_make(USM_AUTH_NONE, "", USM_PRIV_NONE, "", &open_user) ||
	    !usm_master_make(USM_AUTH_SHA, "auth secret", USM_PRIV_AES128, "priv secret", &monitor))
		abort();
	return 0;
}

static void
on_notification(void *ctx, const struct snmp_notification *notification)
{
	const struct read_before *before = ctx;
	const struct usm_header *header = before->header;
	const struct trap *trap = &notification->trap;
	struct link_event event = { 0 };
	enum trap_miss miss = TRAP_MISS_NONE;
	struct slice answer;

	/* What the library read is what was looked at before it. */
	if (trap->version == 3 && (header == NULL || !slice_eq(notification->user, header->user) ||
				      !slice_eq(notification->engine_id, header->engine_id) ||
				      trap->level != (header->flags & USM_FLAG_AUTH) +
							 (header->flags & USM_FLAG_PRIV) / 2))
		abort();
	if (trap->version == 3 && trap->level == 0 && trap->engine_id.len > 0)
		abort();
	if (trap->n_varbinds > TRAP_VARBINDS_MAX ||
	    (before->trap && !trap_same(trap, before->trap)))
		abort();
	(void)trap_link_decode(rules_traps(rules), trap, &event, &miss);
	if (snmp_decoder_response(decoder, &answer) == 0 && (!trap->inform || answer.len == 0))
		abort();
}

/* The user that the message names, with keys for its engine; as io/snmp_v3 does it. */
static void
present(const struct usm_header *header, struct usm_keys *keys)
{
	bool open = slice_eq_str(header->user, "open");

	usm_know_ourselves();
	if (header->engine_id.len < USM_ENGINE_ID_MIN ||
	    (!open && !slice_eq_str(header->user, "monitor")))
		return;
	if (!open && (!usm_localize_auth(&monitor, header->engine_id, keys) ||
			 !usm_localize_priv(&monitor, header->engine_id, keys)))
		abort();
	usm_present(open ? "open" : "monitor", open ? &open_user : &monitor, header->engine_id,
	    open ? NULL : keys);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice datagram = { (const char *)data, size };
	struct usm_header header = { .msg_id = 0 };
	struct usm_keys keys = { .auth_len = 0 };
	struct snmp_peek peek;
	bool peeked = snmp_peek(datagram, &peek), fits = snmp_shape_fits(datagram);
	bool headed = usm_header_read(datagram, &header);
	struct trap trap;
	bool plain = trap_wire_read(datagram, &room, &trap);

	if ((fits && !peeked) || (plain && !fits) || (headed && peek.version != SNMP_WIRE_V3))
		abort();
	if (!fits)
		return 0;
	if (peek.version == SNMP_WIRE_V3) {
		if (!headed)
			return 0;
		present(&header, &keys);
	}
	struct read_before before = { headed ? &header : NULL, plain ? &trap : NULL };
	if (snmp_decoder_feed(decoder, datagram, on_notification, &before) !=
		DECODED_NOTIFICATION &&
	    plain)
		abort();
	if (headed)
		usm_withdraw(header.engine_id);
	return 0;
}
