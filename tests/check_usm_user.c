/* usm_user: the lines of [snmp] user. */
#include <check.h>
#include <string.h>

#include "core/usm_user.h"
#include "lib/run_suite.h"

#define N(array) (int)(sizeof(array) / sizeof((array)[0]))

static const struct {
	const char *line, *name;
	enum usm_auth auth;
	const char *auth_secret;
	enum usm_priv priv;
	const char *priv_secret;
	size_t engine_len;
} right[] = {
	{ "open", "open", USM_AUTH_NONE, "", USM_PRIV_NONE, "", 0 },
	{ "open engine=0x8000000001", "open", USM_AUTH_NONE, "", USM_PRIV_NONE, "", 5 },
	{ "m SHA password", "m", USM_AUTH_SHA, "password", USM_PRIV_NONE, "", 0 },
	{ "m md5 \"pass word\"", "m", USM_AUTH_MD5, "pass word", USM_PRIV_NONE, "", 0 },
	{ "m SHA-224 12345678 DES 12345678", "m", USM_AUTH_SHA224, "12345678", USM_PRIV_DES,
	    "12345678", 0 },
	{ "m SHA-256 \"a \\\"q\\\" \\\\ \\n\" AES \"b b b b b\" engine=0x80001f8804c0ffee01", "m",
	    USM_AUTH_SHA256, "a \"q\" \\ \\n", USM_PRIV_AES128, "b b b b b", 9 },
	{ "m  SHA-384\t12345678  AES-192   12345678 ", "m", USM_AUTH_SHA384, "12345678",
	    USM_PRIV_AES192, "12345678", 0 },
	{ "m SHA-512 12345678 AES-256 12345678", "m", USM_AUTH_SHA512, "12345678", USM_PRIV_AES256,
	    "12345678", 0 },
	{ "m SHA-512 12345678 AES-192-C 12345678", "m", USM_AUTH_SHA512, "12345678",
	    USM_PRIV_AES192_C, "12345678", 0 },
	{ "m SHA-512 12345678 aes256c 12345678", "m", USM_AUTH_SHA512, "12345678",
	    USM_PRIV_AES256_C, "12345678", 0 },
	{ "m SHA \"engine=0x8000000001\"", "m", USM_AUTH_SHA, "engine=0x8000000001", USM_PRIV_NONE,
	    "", 0 },
	{ "m SHA \"file:/a/b\"", "m", USM_AUTH_SHA, "file:/a/b", USM_PRIV_NONE, "", 0 },
};

START_TEST(a_line_is_read)
{
	struct usm_user user;
	char why[USM_USER_WHY_MAX] = "";

	ck_assert_msg(usm_user_parse(slice_of(right[_i].line), &user, why), "%s", why);
	ck_assert_str_eq(user.name, right[_i].name);
	ck_assert_int_eq(user.auth, right[_i].auth);
	ck_assert_str_eq(user.auth_secret.text, right[_i].auth_secret);
	ck_assert(!user.auth_secret.is_path);
	ck_assert_int_eq(user.priv, right[_i].priv);
	ck_assert_str_eq(user.priv_secret.text, right[_i].priv_secret);
	ck_assert_uint_eq(user.engine_id_len, right[_i].engine_len);
}
END_TEST

START_TEST(a_secret_may_be_a_path)
{
	struct usm_user user;
	char why[USM_USER_WHY_MAX];

	ck_assert(
	    usm_user_parse(SLICE("m SHA file:/a AES file:/b engine=0x0102030405"), &user, why));
	ck_assert(user.auth_secret.is_path && user.priv_secret.is_path);
	ck_assert_str_eq(user.auth_secret.text, "/a");
	ck_assert_str_eq(user.priv_secret.text, "/b");
	ck_assert_mem_eq(user.engine_id, "\1\2\3\4\5", 5);
}
END_TEST

#define TOO_LONG_NAME "123456789012345678901234567890123"
static const struct {
	const char *line, *why;
} wrong[] = {
	{ "", "no user name" },
	{ "\"m\" SHA topsecret", "no user name" },
	{ TOO_LONG_NAME " SHA topsecret", "no user name" },
	{ "m topsecret", "authentication protocol must stand is none; right is MD5, SHA" },
	{ "m topsecret SHA", "authentication protocol must stand is none" },
	{ "m SHA", "no authentication secret" },
	{ "m SHA 1234567", "the authentication secret is shorter than 8" },
	{ "m SHA \"1234567\"", "the authentication secret is shorter than 8" },
	{ "m SHA \"topsecret", "does not end with \"" },
	{ "m SHA \"topsecret\"AES topsecret", "does not end with \" and a blank" },
	{ "m SHA topsecret RC4 topsecret", "privacy protocol must stand is none; right is DES" },
	{ "m SHA topsecret AES", "no privacy secret" },
	{ "m SHA topsecret AES short", "the privacy secret is shorter than 8" },
	{ "m SHA topsecret AES topsecret topsecret", "more follows" },
	{ "m SHA file:", "no authentication secret" },
	{ "m engine=8000000001", "engine= is not followed by 0x" },
	{ "m engine=0x80000000", "5 to 32 octets" },
	{ "m engine=0x800000000", "engine= is not followed" },
	{ "m engine=0x80000000zz", "engine= is not followed" },
	{ "m engine=0x8000000001 SHA topsecret", "more follows" },
};

START_TEST(a_faulty_line_is_told_without_its_secret)
{
	struct usm_user user = { .name = "untouched" };
	char why[USM_USER_WHY_MAX];

	ck_assert(!usm_user_parse(slice_of(wrong[_i].line), &user, why));
	ck_assert_msg(strstr(why, wrong[_i].why) != NULL, "%s", why);
	ck_assert_msg(!strstr(why, "topsecret") && !strstr(why, "1234567"), "%s", why);
	ck_assert_str_eq(user.name, "untouched");
}
END_TEST

int
main(void)
{
	TCase *tcase = tcase_create("usm_user");

	tcase_add_loop_test(tcase, a_line_is_read, 0, N(right));
	tcase_add_test(tcase, a_secret_may_be_a_path);
	tcase_add_loop_test(tcase, a_faulty_line_is_told_without_its_secret, 0, N(wrong));
	return run_case("usm_user", tcase);
}
