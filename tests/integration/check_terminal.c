/*
 * What dpwatch prints on a terminal of 80 columns, and in a pipe.
 */
#include "lib/cli_box.h"

/* An event, so that every table has a row, and causes stand in it. */
static void
set_up(void)
{
	box_set_up();
	box_is_the_api();
	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(sandbox_counter(&box, "out.toggles") == 1 && sandbox_settled(&box));
}

/* Runs dpwatch on a terminal that is 80 columns wide; what it prints is in `out`. */
static void
on_terminal(const char *arguments, const char *no_color)
{
	char command[512];

	snprintf(command, sizeof(command), "stty cols 80; NO_COLOR=%s TERM=xterm %s %s", no_color,
	    sandbox_program("dpwatch"), arguments);
	ck_assert_int_eq(
	    process_run(out, sizeof(out), ARGV("script", "-qec", command, "/dev/null")), 0);
}

/* The columns of a line, up to its end: colours take none, and a character of several bytes takes one. */
static size_t
columns_of(const char *line)
{
	size_t n = 0;

	for (; *line && *line != '\r' && *line != '\n'; line++) {
		if (*line == '\033')
			line += strcspn(line, "m");
		else if ((*line & 0xc0) != 0x80)
			n++;
	}
	return n;
}

static const char *const tables[] = { "port list", "port list --down", "switch list",
	"interface list", "events", "simulate down leaf1 leaf2", "maintenance list", "token list",
	"unmapped" };
#define N_TABLES (int)(sizeof(tables) / sizeof(tables[0]))

START_TEST(no_table_is_wider_than_the_terminal)
{
	on_terminal(tables[_i], "");
	for (char *rest = out, *line; (line = strsep(&rest, "\n"));)
		ck_assert_msg(columns_of(line) <= 80, "%s", line);
}
END_TEST

START_TEST(colours_are_for_terminals_whose_user_wants_them)
{
	on_terminal("port list", "");
	ck_assert_ptr_nonnull(strchr(out, '\033'));
	on_terminal("port list", "1");
	ck_assert_ptr_null(strchr(out, '\033'));
	ck_assert_int_eq(run(ARGV("port", "list")), 0);
	ck_assert_ptr_null(strchr(out, '\033'));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("terminal");
	TCase *tcase = tcase_create("terminal");

	tcase_add_checked_fixture(tcase, set_up, box_tear_down);
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, no_table_is_wider_than_the_terminal, 0, N_TABLES);
	tcase_add_test(tcase, colours_are_for_terminals_whose_user_wants_them);
	suite_add_tcase(suite, tcase);
	return sandbox_main(suite);
}
