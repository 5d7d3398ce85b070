/*
 * cli_box: what the tests of the programs' command lines share: a sandbox, and a program of it run to its end.
 */
#ifndef DPWATCH_TESTS_LIB_CLI_BOX_H
#define DPWATCH_TESTS_LIB_CLI_BOX_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/box.h"

static char out[SANDBOX_TEXT]; /* what the last program printed */

/* The dpwatch of this process talks to the daemon of its sandbox from now on. */
static inline void
box_is_the_api(void)
{
	char api[SANDBOX_PATH + 8];

	snprintf(api, sizeof(api), "unix:%s", box.api);
	setenv("DPWATCH_API", api, 1);
}

/* Runs a program of this build to its end with these arguments, as ARGV. Its exit status. */
static inline int
run_program(const char *name, const char *const *more)
{
	const char *argv[24] = { sandbox_program(name) };

	for (size_t n = 1; *more; more++) {
		ck_assert_uint_lt(n, 23);
		argv[n++] = *more;
	}
	return process_run(out, sizeof(out), argv);
}

/* dpwatch, which talks to that daemon unless its arguments name another. */
static inline int
run(const char *const *more)
{
	box_is_the_api();
	return run_program("dpwatch", more);
}

static inline void
expect_in(const char *part)
{
	ck_assert_msg(strstr(out, part) != NULL, "\"%s\" is not in: %s", part, out);
}

/* Runs dpwatch with -o json; it must succeed, and print one document on one line. The caller frees it. */
static inline json_t *
json_of(const char *const *more)
{
	const char *argv[24] = { "-o", "json" };
	json_error_t error;

	for (size_t n = 2; *more; more++) {
		ck_assert_uint_lt(n, 23);
		argv[n++] = *more;
	}
	ck_assert_msg(run(argv) == 0, "%s", out);
	json_t *json = json_loads(out, 0, &error);
	ck_assert_msg(json != NULL, "%s: %s", error.text, out);
	ck_assert_ptr_eq(strchr(out, '\n'), out + strlen(out) - 1);
	return json;
}

#endif
