/* vendor_lines: what to paste, for every family. */
#include <check.h>
#include <string.h>

#include "core/ifname.h"
#include "core/vendor_lines.h"
#include "lib/run_suite.h"

START_TEST(every_family_has_a_target_for_traps_and_lines)
{
	size_t n = 0;

	for (const struct vendor_lines *family; (family = vendor_lines_at(n)); n++) {
		const char *first = strstr(family->lines, VENDOR_ADDRESS);

		ck_assert_msg(first && strstr(first + 1, VENDOR_ADDRESS), "%s", family->family);
		ck_assert_msg(
		    strstr(family->lines, VENDOR_COMMUNITY) != NULL, "%s", family->family);
		ck_assert_int_eq(family->lines[strlen(family->lines) - 1], '\n');
		ck_assert_ptr_eq(vendor_lines_find(slice_of(family->family)), family);
	}
	ck_assert_uint_eq(n, 19);
	ck_assert_ptr_null(vendor_lines_at(n));
}
END_TEST

static const struct {
	const char *os, *family;
} spellings[] = {
	{ "NX-OS", "nx-os" },
	{ "nxos", "nx-os" },
	{ "Cisco", "ios" },
	{ "IOS XE", "ios-xe" },
	{ "iosxr", "ios-xr" },
	{ "Arista", "eos" },
	{ "FTOS", "os9" },
	{ "SR_OS", "sr-os" },
	{ "cumulus", "cumulus" },
	{ "", NULL },
	{ "nx", NULL },
	{ "nx-os-2", NULL },
	{ "-", NULL },
};

START_TEST(an_os_finds_its_family_in_any_spelling)
{
	const struct vendor_lines *family = vendor_lines_find(slice_of(spellings[_i].os));

	if (spellings[_i].family) {
		ck_assert_ptr_nonnull(family);
		ck_assert_str_eq(family->family, spellings[_i].family);
	} else {
		ck_assert_ptr_null(family);
	}
}
END_TEST

/* What the topology's `os` may say and ifname knows, the doctor knows too. */
static const char *const known[] = { "ios", "ios-xe", "ios-xr", "nx-os", "eos", "junos", "ftos",
	"os10", "smb", "comware", "vrp", "linux", "cumulus", "sonic" };

START_TEST(every_os_with_names_of_its_own_has_lines)
{
	ck_assert_int_ne(os_family_from(slice_of(known[_i])), OS_UNKNOWN);
	ck_assert_ptr_nonnull(vendor_lines_find(slice_of(known[_i])));
}
END_TEST

#define N(array) ((int)(sizeof(array) / sizeof((array)[0])))

int
main(void)
{
	TCase *tcase = tcase_create("vendor_lines");

	tcase_add_test(tcase, every_family_has_a_target_for_traps_and_lines);
	tcase_add_loop_test(tcase, an_os_finds_its_family_in_any_spelling, 0, N(spellings));
	tcase_add_loop_test(tcase, every_os_with_names_of_its_own_has_lines, 0, N(known));

	return run_case("vendor_lines", tcase);
}
