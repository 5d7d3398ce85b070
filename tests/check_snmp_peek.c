#include "core/snmp_peek.h"

#include <check.h>
#include <string.h>

#include "lib/guard.h"
#include "lib/run_suite.h"

#define BYTES(...)                                              \
	((const char *)(const unsigned char[]){ __VA_ARGS__ }), \
	    sizeof((const unsigned char[]){ __VA_ARGS__ })

static const struct {
	const char *what;
	const char *bytes;
	size_t len;
	bool ok;
	int64_t version;
	const char *community;
} messages[] = {
	{ "v1", BYTES(0x30, 7, 2, 1, 0, 4, 2, 'p', 'q'), true, 0, "pq" },
	{ "v2c, an empty community", BYTES(0x30, 5, 2, 1, 1, 4, 0), true, 1, "" },
	{ "more follows the community", BYTES(0x30, 10, 2, 1, 1, 4, 1, 'p', 0xa7, 2, 0, 0), true, 1,
	    "p" },
	{ "bytes after the message", BYTES(0x30, 6, 2, 1, 1, 4, 1, 'p', 0, 0), true, 1, "p" },
	{ "v3: no community is looked for", BYTES(0x30, 5, 2, 1, 3, 0x30, 0), true, 3, "" },
	{ "v3 and nothing else", BYTES(0x30, 3, 2, 1, 3), true, 3, "" },
	{ "an unknown version", BYTES(0x30, 3, 2, 1, 9), true, 9, "" },
	{ "a negative version", BYTES(0x30, 3, 2, 1, 0xff), true, -1, "" },
	{ "the version in four octets", BYTES(0x30, 9, 2, 4, 0, 0, 0, 1, 4, 1, 'p'), true, 1, "p" },
	{ "lengths in the long form", BYTES(0x30, 0x82, 0, 7, 2, 0x81, 1, 0, 4, 1, 'p'), true, 0,
	    "p" },
	{ "nothing", "", 0, false, 0, NULL },
	{ "a tag alone", BYTES(0x30), false, 0, NULL },
	{ "no sequence", BYTES(0x31, 5, 2, 1, 1, 4, 0), false, 0, NULL },
	{ "a sequence longer than the datagram", BYTES(0x30, 6, 2, 1, 1, 4, 0), false, 0, NULL },
	{ "an indefinite length", BYTES(0x30, 0x80, 2, 1, 1, 4, 0, 0, 0), false, 0, NULL },
	{ "a length of five octets", BYTES(0x30, 0x85, 0, 0, 0, 0, 5, 2, 1, 1, 4, 0), false, 0,
	    NULL },
	{ "a length that is cut", BYTES(0x30, 0x82, 1), false, 0, NULL },
	{ "the largest length", BYTES(0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 2, 1, 1), false, 0,
	    NULL },
	{ "an empty sequence", BYTES(0x30, 0), false, 0, NULL },
	{ "no integer first", BYTES(0x30, 5, 4, 1, 1, 4, 0), false, 0, NULL },
	{ "an empty integer", BYTES(0x30, 4, 2, 0, 4, 0), false, 0, NULL },
	{ "an integer of five octets", BYTES(0x30, 9, 2, 5, 0, 0, 0, 0, 1, 4, 0), false, 0, NULL },
	{ "an integer that leaves the sequence", BYTES(0x30, 3, 2, 2, 1, 4, 0), false, 0, NULL },
	{ "v2c without a community", BYTES(0x30, 3, 2, 1, 1), false, 0, NULL },
	{ "v2c with another element", BYTES(0x30, 5, 2, 1, 1, 2, 0), false, 0, NULL },
	{ "a community that leaves the sequence", BYTES(0x30, 6, 2, 1, 1, 4, 2, 'p', 'q'), false, 0,
	    NULL },
};

START_TEST(version_and_community_are_read_or_the_message_is_refused)
{
	struct snmp_peek peek = { .version = 77 };
	struct guard guard = { 0 };
	char *bytes = guard_put(&guard, messages[_i].bytes, messages[_i].len);
	bool ok = snmp_peek((struct slice){ bytes, messages[_i].len }, &peek);

	ck_assert_msg(ok == messages[_i].ok, "%s", messages[_i].what);
	ck_assert_int_eq(peek.version, ok ? messages[_i].version : 77);
	if (ok)
		ck_assert_msg(
		    slice_eq_str(peek.community, messages[_i].community), "%s", messages[_i].what);
	guard_release(&guard);
}
END_TEST

START_TEST(a_message_cut_anywhere_is_refused)
{
	static const unsigned char whole[] = { 0x30, 0x81, 11, 2, 1, 1, 4, 6, 'p', 'u', 'b', 'l',
		'i', 'c' };

	for (size_t len = 0; len < sizeof(whole); len++) {
		struct snmp_peek peek;
		struct guard guard = { 0 };
		char *bytes = guard_put(&guard, whole, len);
		ck_assert_int_eq(snmp_peek((struct slice){ bytes, len }, &peek), false);
		guard_release(&guard);
	}
}
END_TEST

static const struct {
	const char *secret, *guess;
	bool same;
} guesses[] = {
	{ "public", "public", true },
	{ "public", "publiC", false },
	{ "public", "Public", false },
	{ "public", "publi", false },
	{ "public", "publicc", false },
	{ "public", "publicpublic", false },
	{ "public", "", false },
	{ "", "", true },
	{ "", "p", false },
	{ "aa", "a", false },
	{ "a", "aa", false },
};

START_TEST(a_secret_is_equal_to_itself_alone)
{
	ck_assert_int_eq(snmp_secret_eq(slice_of(guesses[_i].secret), slice_of(guesses[_i].guess)),
	    guesses[_i].same);
}
END_TEST

START_TEST(a_secret_is_compared_in_all_its_bytes)
{
	struct slice secret = SLICE("pub\0lic"), guess = SLICE("pub\0liC");

	ck_assert_int_eq(snmp_secret_eq(secret, secret), true);
	ck_assert_int_eq(snmp_secret_eq(secret, guess), false);
	ck_assert_int_eq(snmp_secret_eq(secret, SLICE("pub")), false);
}
END_TEST

#define N(array) ((int)(sizeof(array) / sizeof(array[0])))

int
main(void)
{
	TCase *tcase = tcase_create("snmp_peek");

	tcase_add_loop_test(
	    tcase, version_and_community_are_read_or_the_message_is_refused, 0, N(messages));
	tcase_add_test(tcase, a_message_cut_anywhere_is_refused);
	tcase_add_loop_test(tcase, a_secret_is_equal_to_itself_alone, 0, N(guesses));
	tcase_add_test(tcase, a_secret_is_compared_in_all_its_bytes);

	return run_case("snmp_peek", tcase);
}
