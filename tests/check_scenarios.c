/*
 * Every file of tests/scenarios is a test case of its own, named after the sentence that it proves. One alone, or others:
 *   CK_RUN_CASE=a-port-... build/tests/check_scenarios
 *   build/tests/check_scenarios FILE...
 */
#include <check.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "lib/scenario.h"

#define SCENARIOS "tests/scenarios/*.scn"

static glob_t files;

START_TEST(plays)
{
	scenario_run(files.gl_pathv[_i]);
}
END_TEST

START_TEST(there_are_scenarios)
{
	ck_assert_uint_gt(files.gl_pathc, 0);
}
END_TEST

/* The file's name without folder and ending; kept as long as the program runs. */
static char *
sentence_of(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	const char *dot = strrchr(name, '.');

	return strndup(name, dot ? (size_t)(dot - name) : strlen(name));
}

int
main(int argc, char **argv)
{
	Suite *suite = suite_create("scenarios");
	TCase *first = tcase_create("scenarios");

	glob(argc > 1 ? argv[1] : SCENARIOS, 0, NULL, &files);
	for (int i = 2; i < argc; i++)
		glob(argv[i], GLOB_APPEND, NULL, &files);
	tcase_add_test(first, there_are_scenarios);
	suite_add_tcase(suite, first);
	char **names = calloc(files.gl_pathc + 1, sizeof(*names));
	for (size_t i = 0; i < files.gl_pathc; i++) {
		names[i] = sentence_of(files.gl_pathv[i]);
		TCase *tcase = tcase_create(names[i]);
		tcase_add_loop_test(tcase, plays, (int)i, (int)i + 1);
		suite_add_tcase(suite, tcase);
	}
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	for (size_t i = 0; i < files.gl_pathc; i++)
		free(names[i]);
	free(names);
	globfree(&files);
	return failed > 0;
}
