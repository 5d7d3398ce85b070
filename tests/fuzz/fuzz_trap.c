/*
 * fuzz_trap: any struct trap -> trap_link_decode by the shipped rules. Run from the top of the tree. The input is a row of small fields: version, generic, specific, n and the
 * numbers of the enterprise; then per varbind a type, its name's numbers, and a value. A number is one byte, or 0xff and
 * four more. OIDs and values lie in memory of their own, so that a read beyond their end is seen.
 */
#include <stdlib.h>
#include <string.h>

#include "core/trap_link.h"
#include "core/trap_rules.h"
#include "lib/shipped_rules.h"

#define VARBINDS_MAX (TRAP_VARBINDS_MAX + 8)
#define N_IDS_MAX 140 /* beyond OID_MAX */

static struct rules *rules;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	rules = shipped_rules();
	return 0;
}

struct input {
	const uint8_t *data;
	size_t len;
};

static uint32_t
take_number(struct input *in)
{
	uint32_t n = 0;

	if (in->len == 0)
		return 0;
	in->len--;
	if (*in->data++ != 0xff)
		return in->data[-1];
	for (int i = 0; i < 4 && in->len > 0; i++, in->len--)
		n = n << 8 | *in->data++;
	return n;
}

static int64_t
take_signed(struct input *in)
{
	int64_t n = take_number(in);

	return n * ((int64_t)(take_number(in) % 3) - 1);
}

static struct oid
take_oid(struct input *in)
{
	size_t n = take_number(in) % N_IDS_MAX;
	unsigned long *ids = malloc(n * sizeof(*ids));

	for (size_t i = 0; i < n; i++)
		ids[i] = take_number(in);
	return (struct oid){ ids, n };
}

static struct slice
take_bytes(struct input *in)
{
	size_t n = take_number(in);
	n = n < in->len ? n : in->len;
	char *bytes = malloc(n);

	if (n > 0)
		memcpy(bytes, in->data, n);
	in->data += n;
	in->len -= n;
	return (struct slice){ bytes, n };
}

static void
take_varbind(struct input *in, struct trap_varbind *vb)
{
	*vb = (struct trap_varbind){ .type = take_number(in) % (VALUE_ADDRESS + 1) };
	vb->name = take_oid(in);
	if (vb->type == VALUE_OID)
		vb->oid = take_oid(in);
	else if (vb->type == VALUE_BYTES || vb->type == VALUE_ADDRESS)
		vb->bytes = take_bytes(in);
	else
		vb->integer = take_signed(in);
}

/* What holds for every event, and for every miss. */
static void
check(enum decode_result result, const struct link_event *event, enum trap_miss miss)
{
	if (result != DECODE_EVENT) {
		bool ours = miss == TRAP_MISS_NOT_OURS || miss == TRAP_MISS_NOT_UP;
		if (miss <= TRAP_MISS_NONE || miss >= TRAP_MISS_MAX ||
		    ours != (result == DECODE_NOT_OURS))
			abort();
		return;
	}
	bool named = event->if_index > 0 || event->name.len > 0 || event->descr.len > 0;
	if (event->source != SOURCE_TRAP || event->rule == NULL || event->if_index > INT32_MAX ||
	    event->name.len > 255 || event->descr.len > 255 ||
	    (event->kind == LINK_EVENT_WORD) != (event->word != WORD_NONE) ||
	    (event->bare_up && event->word != WORD_UP))
		abort();
	/* A word and a hint name their interface, a restart none, a doubt one or a slot or neither. */
	if ((!named && (event->kind == LINK_EVENT_WORD || event->kind == LINK_EVENT_HINT)) ||
	    (named && (event->kind == LINK_EVENT_RESTART || event->has_slot)))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	static struct trap_varbind varbinds[VARBINDS_MAX];
	struct trap trap = { .version = (int)(take_number(&in) % 4), .varbinds = varbinds };
	struct link_event event = { 0 };
	enum trap_miss miss = TRAP_MISS_NONE;
	struct addr addr;

	trap.generic = (int)take_number(&in);
	trap.specific = (int)take_number(&in);
	trap.enterprise = take_oid(&in);
	for (; in.len > 0 && trap.n_varbinds < VARBINDS_MAX; trap.n_varbinds++)
		take_varbind(&in, &varbinds[trap.n_varbinds]);
	check(trap_link_decode(rules_traps(rules), &trap, &event, &miss), &event, miss);
	(void)trap_claimed_sender(&trap, &addr);

	free((void *)(uintptr_t)trap.enterprise.ids);
	for (size_t i = 0; i < trap.n_varbinds; i++) {
		free((void *)(uintptr_t)varbinds[i].name.ids);
		free((void *)(uintptr_t)varbinds[i].oid.ids);
		free((void *)(uintptr_t)varbinds[i].bytes.data);
	}
	return 0;
}
