/*
 * run_suite: the end of main in a unit test.
 */
#ifndef DPWATCH_TESTS_LIB_RUN_SUITE_H
#define DPWATCH_TESTS_LIB_RUN_SUITE_H

#include <check.h>
#include <stdlib.h>

/* Runs a suite and releases it. Returns main's exit status. */
static inline int
run_suite(Suite *suite)
{
	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* The same for one that has one case. */
static inline int
run_case(const char *name, TCase *tcase)
{
	Suite *suite = suite_create(name);

	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}

#endif
