/* trap_wire: what it reads is all there, and what it should not judge it leaves to the library. */
#include "core/trap_wire.h"

#include <check.h>
#include <string.h>

#include "lib/guard.h"
#include "lib/mutate.h"
#include "lib/run_suite.h"
#include "lib/snmp_samples.h"

#define N(array) (int)(sizeof(array) / sizeof((array)[0]))

static struct trap_wire room;

static void
assert_oid(struct oid oid, const char *expected)
{
	unsigned long ids[OID_MAX];
	const size_t n = oid_parse(slice_of(expected), ids, OID_MAX);

	ck_assert(oid_eq(oid, (struct oid){ ids, n }));
}

START_TEST(a_v2c_trap_is_read_whole)
{
	struct trap trap;

	ck_assert(trap_wire_read(SAMPLE_V2C, &room, &trap));
	ck_assert_int_eq(trap.version, 2);
	ck_assert(!trap.inform);
	ck_assert_uint_eq(trap.n_varbinds, 3);
	assert_oid(trap.varbinds[0].name, ".1.3.6.1.2.1.1.3.0");
	ck_assert_int_eq(trap.varbinds[0].type, VALUE_TIMETICKS);
	ck_assert_int_eq(trap.varbinds[0].integer, 1234);
	assert_oid(trap.varbinds[1].name, ".1.3.6.1.6.3.1.1.4.1.0");
	ck_assert_int_eq(trap.varbinds[1].type, VALUE_OID);
	assert_oid(trap.varbinds[1].oid, ".1.3.6.1.6.3.1.1.5.3");
	assert_oid(trap.varbinds[2].name, ".1.3.6.1.2.1.2.2.1.1.1");
	ck_assert_int_eq(trap.varbinds[2].type, VALUE_INTEGER);
	ck_assert_int_eq(trap.varbinds[2].integer, 1);
}
END_TEST

START_TEST(a_v1_trap_is_read_whole)
{
	struct trap trap;

	ck_assert(trap_wire_read(SAMPLE_V1, &room, &trap));
	ck_assert_int_eq(trap.version, 1);
	assert_oid(trap.enterprise, ".1.3.6.1.4.1.9.1.1");
	ck_assert_mem_eq(trap.agent_addr, "\xc0\x00\x02\x0b", 4);
	ck_assert_int_eq(trap.generic, 2);
	ck_assert_int_eq(trap.specific, 0);
	ck_assert(trap.has_timestamp);
	ck_assert_uint_eq(trap.timestamp_cs, 1234);
	ck_assert_uint_eq(trap.n_varbinds, 1);
	assert_oid(trap.varbinds[0].name, ".1.3.6.1.2.1.2.2.1.1.1");
	ck_assert_int_eq(trap.varbinds[0].integer, 1);
}
END_TEST

/* Puts a tag and a length, of two octets, before the first len octets of buf. Returns how many there are now. */
static size_t
wrap(unsigned int tag, char *buf, size_t len)
{
	const char head[] = { (char)tag, '\x82', (char)(len >> 8), (char)len };

	memmove(buf + sizeof(head), buf, len);
	memcpy(buf, head, sizeof(head));
	return sizeof(head) + len;
}

static size_t
put_before(struct slice bytes, char *buf, size_t len)
{
	memmove(buf + bytes.len, buf, len);
	memcpy(buf, bytes.data, bytes.len);
	return bytes.len + len;
}

/* A v2c trap with the varbinds in the first len octets of buf, which grows by less than 64. */
static size_t
make_message(char *buf, size_t len)
{
	len = wrap(0x30, buf, len);
	len = put_before(SLICE("\x02\x01\x07\x02\x01\x00\x02\x01\x00"), buf, len);
	len = wrap(0xa7, buf, len);
	len = put_before(SLICE("\x02\x01\x01\x04\x06public"), buf, len);
	return wrap(0x30, buf, len);
}

/* One with a single varbind, 1.3.6.1 and that value. */
static struct slice
message_with(struct slice value, char *buf)
{
	size_t len = put_before(value, buf, 0);

	len = put_before(SLICE("\x06\x03\x2b\x06\x01"), buf, len);
	return (struct slice){ buf, make_message(buf, wrap(0x30, buf, len)) };
}

/* One with n varbinds of a name with that many numbers, and NULL. */
static struct slice
message_of(size_t n, size_t numbers, char *buf)
{
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		char *varbind = buf + len, *name = varbind;
		memset(name, 0x2b, numbers - 1);
		size_t size = wrap(0x06, name, numbers - 1);
		memcpy(varbind + size, "\x05\x00", 2);
		len += wrap(0x30, varbind, size + 2);
	}
	return (struct slice){ buf, make_message(buf, len) };
}

static const struct {
	struct slice value;
	enum trap_value_type type;
	int64_t integer;
	const char *oid;
	struct slice bytes;
} values[] = {
	{ SLICE("\x02\x01\x7f"), VALUE_INTEGER, 127, NULL, { 0 } },
	{ SLICE("\x02\x01\xff"), VALUE_INTEGER, -1, NULL, { 0 } },
	{ SLICE("\x02\x04\x80\x00\x00\x00"), VALUE_INTEGER, INT32_MIN, NULL, { 0 } },
	{ SLICE("\x41\x05\x00\xff\xff\xff\xff"), VALUE_INTEGER, UINT32_MAX, NULL, { 0 } },
	{ SLICE("\x42\x02\x03\xe8"), VALUE_INTEGER, 1000, NULL, { 0 } },
	{ SLICE("\x43\x01\x00"), VALUE_TIMETICKS, 0, NULL, { 0 } },
	{ SLICE("\x04\x03ge1"), VALUE_BYTES, 0, NULL, SLICE("ge1") },
	{ SLICE("\x04\x81\x03ge1"), VALUE_BYTES, 0, NULL, SLICE("ge1") },
	{ SLICE("\x04\x00"), VALUE_BYTES, 0, NULL, { 0 } },
	{ SLICE("\x40\x04\xc0\x00\x02\x01"), VALUE_ADDRESS, 0, NULL, SLICE("\xc0\x00\x02\x01") },
	{ SLICE("\x06\x01\x00"), VALUE_OID, 0, ".0.0", { 0 } },
	{ SLICE("\x06\x01\x4f"), VALUE_OID, 0, ".1.39", { 0 } },
	{ SLICE("\x06\x03\x88\x37\x03"), VALUE_OID, 0, ".2.999.3", { 0 } },
	{ SLICE("\x06\x06\x2b\x8f\xff\xff\xff\x7f"), VALUE_OID, 0, ".1.3.4294967295", { 0 } },
	{ SLICE("\x05\x00"), VALUE_OTHER, 0, NULL, { 0 } },
	{ SLICE("\x46\x02\x01\x00"), VALUE_OTHER, 0, NULL, { 0 } },
	{ SLICE("\x80\x00"), VALUE_OTHER, 0, NULL, { 0 } },
	{ SLICE("\x82\x00"), VALUE_OTHER, 0, NULL, { 0 } },
};

START_TEST(a_value_has_its_type)
{
	char bytes[128];
	struct trap trap;

	ck_assert(trap_wire_read(message_with(values[_i].value, bytes), &room, &trap));
	ck_assert_uint_eq(trap.n_varbinds, 1);
	const struct trap_varbind *vb = &trap.varbinds[0];
	assert_oid(vb->name, ".1.3.6.1");
	ck_assert_int_eq(vb->type, values[_i].type);
	ck_assert_int_eq(vb->integer, values[_i].integer);
	ck_assert(slice_eq(vb->bytes, values[_i].bytes));
	if (values[_i].oid)
		assert_oid(vb->oid, values[_i].oid);
	else
		ck_assert_uint_eq(vb->oid.n, 0);
}
END_TEST

static const struct {
	const char *what;
	struct slice value;
} declined_values[] = {
	{ "an integer of five octets", SLICE("\x02\x05\x00\xff\xff\xff\xff") },
	{ "an integer of none", SLICE("\x02\x00") },
	{ "a counter that is negative", SLICE("\x41\x01\x80") },
	{ "ticks beyond 32 bits", SLICE("\x43\x05\x01\x00\x00\x00\x00") },
	{ "a Counter64 of nine octets", SLICE("\x46\x09\x00\xff\xff\xff\xff\xff\xff\xff\xff") },
	{ "an Opaque", SLICE("\x44\x01\x00") },
	{ "an address of five octets", SLICE("\x40\x05\x00\x00\x00\x00\x00") },
	{ "an empty OID", SLICE("\x06\x00") },
	{ "an OID that ends within a number", SLICE("\x06\x02\x2b\x86") },
	{ "a number of an OID with padding", SLICE("\x06\x03\x2b\x80\x01") },
	{ "a number of an OID beyond 32 bits", SLICE("\x06\x06\x2b\x90\x80\x80\x80\x00") },
	{ "a NULL that holds something", SLICE("\x05\x01\x00") },
	{ "a noSuchObject that holds something", SLICE("\x80\x01\x00") },
	{ "a sequence", SLICE("\x30\x00") },
	{ "a third part", SLICE("\x05\x00\x05\x00") },
	{ "no value", { "", 0 } },
};

START_TEST(an_unusual_value_is_left_to_the_library)
{
	char bytes[128];
	struct trap trap = { .version = 77 };
	struct slice message = message_with(declined_values[_i].value, bytes);

	ck_assert_msg(!trap_wire_read(message, &room, &trap), "%s", declined_values[_i].what);
	ck_assert_int_eq(trap.version, 77);
}
END_TEST

static const struct slice declined[] = { SAMPLE_V3_OPEN, SAMPLE_V3_AUTH, SAMPLE_V3_PRIV,
	SAMPLE_V3_DISCOVERY };

START_TEST(v3_is_left_to_the_library)
{
	struct trap trap;

	ck_assert(!trap_wire_read(declined[_i], &room, &trap));
}
END_TEST

static const struct {
	const char *what;
	size_t at;
	unsigned char octet;
} other_messages[] = {
	{ "an INFORM, which wants an answer", 13, 0xa6 },
	{ "a GET", 13, 0xa0 },
	{ "a v1 trap in v2c", 13, 0xa4 },
	{ "a v2 trap in v1", 4, 0 },
	{ "version 2", 4, 2 },
};

START_TEST(any_other_message_is_left_to_the_library)
{
	char bytes[128];
	struct slice sample = SAMPLE_V2C;
	struct trap trap;

	memcpy(bytes, sample.data, sample.len);
	ck_assert(trap_wire_read((struct slice){ bytes, sample.len }, &room, &trap));
	bytes[other_messages[_i].at] = (char)other_messages[_i].octet;
	ck_assert_msg(!trap_wire_read((struct slice){ bytes, sample.len }, &room, &trap), "%s",
	    other_messages[_i].what);
}
END_TEST

static const struct {
	size_t varbinds, numbers;
	bool read;
} sizes[] = {
	{ 0, 2, true },
	{ TRAP_VARBINDS_MAX, 16, true },
	{ TRAP_VARBINDS_MAX, 17, false }, /* beyond TRAP_WIRE_IDS_MAX */
	{ TRAP_VARBINDS_MAX + 1, 2, false },
	{ 16, OID_MAX, true },
	{ 1, OID_MAX + 1, false },
};

START_TEST(what_does_not_fit_the_room_is_left_to_the_library)
{
	static char bytes[TRAP_WIRE_IDS_MAX * 4];
	struct trap trap;
	struct slice message = message_of(sizes[_i].varbinds, sizes[_i].numbers, bytes);

	ck_assert(trap_wire_read(message, &room, &trap) == sizes[_i].read);
	if (!sizes[_i].read)
		return;
	ck_assert_uint_eq(trap.n_varbinds, sizes[_i].varbinds);
	for (size_t i = 0; i < trap.n_varbinds; i++)
		ck_assert_uint_eq(trap.varbinds[i].name.n, sizes[_i].numbers);
}
END_TEST

static const struct slice plain[] = { SAMPLE_V1, SAMPLE_V2C };

START_TEST(a_message_cut_anywhere_is_none)
{
	for (size_t len = 0; len < plain[_i].len; len++) {
		struct guard guard = { 0 };
		struct trap trap;
		const char *bytes = guard_put(&guard, plain[_i].data, len);
		ck_assert(!trap_wire_read((struct slice){ bytes, len }, &room, &trap));
		guard_release(&guard);
	}
}
END_TEST

START_TEST(a_message_with_one_wrong_length_is_none)
{
	for (size_t i = 0; i < mutate_count(plain[_i]); i++) {
		char bytes[1024];
		struct guard guard = { 0 };
		struct trap trap;
		struct slice mutant = mutate(plain[_i], i, bytes, sizeof(bytes));
		const char *put = guard_put(&guard, mutant.data, mutant.len);
		ck_assert_msg(!trap_wire_read((struct slice){ put, mutant.len }, &room, &trap),
		    "mutation %zu: %s", i, mutate_text(plain[_i], i));
		guard_release(&guard);
	}
}
END_TEST

int
main(void)
{
	TCase *tcase = tcase_create("trap_wire");

	tcase_add_test(tcase, a_v2c_trap_is_read_whole);
	tcase_add_test(tcase, a_v1_trap_is_read_whole);
	tcase_add_loop_test(tcase, a_value_has_its_type, 0, N(values));
	tcase_add_loop_test(tcase, an_unusual_value_is_left_to_the_library, 0, N(declined_values));
	tcase_add_loop_test(tcase, v3_is_left_to_the_library, 0, N(declined));
	tcase_add_loop_test(tcase, any_other_message_is_left_to_the_library, 0, N(other_messages));
	tcase_add_loop_test(tcase, what_does_not_fit_the_room_is_left_to_the_library, 0, N(sizes));
	tcase_add_loop_test(tcase, a_message_cut_anywhere_is_none, 0, N(plain));
	tcase_add_loop_test(tcase, a_message_with_one_wrong_length_is_none, 0, N(plain));
	return run_case("trap_wire", tcase);
}
