#include "util/bind_advice.h"

#include <check.h>
#include <errno.h>
#include <string.h>

#include "lib/run_suite.h"

static const struct {
	int error;
	uint16_t port;
	bool is_stream;
	const char *part; /* NULL: nothing is said */
} cases[] = {
	{ EACCES, 162, false, "CAP_NET_BIND_SERVICE" },
	{ EACCES, 1023, true, "CAP_NET_BIND_SERVICE" },
	{ EACCES, 1024, true, NULL },
	{ EACCES, 0, true, NULL },
	{ EADDRINUSE, 162, false, "ss -lunp" },
	{ EADDRINUSE, 9797, true, "ss -ltnp" },
	{ EADDRNOTAVAIL, 162, false, "not an address of this machine" },
	{ ENOMEM, 162, false, NULL },
};

START_TEST(what_can_be_done_is_said_behind_the_reason)
{
	const char *text = bind_advice(cases[_i].error, cases[_i].port, cases[_i].is_stream);

	if (!cases[_i].part) {
		ck_assert_str_eq(text, "");
		return;
	}
	ck_assert_ptr_nonnull(strstr(text, cases[_i].part));
	ck_assert_int_eq(strncmp(text, " (", 2), 0);
}
END_TEST

int
main(void)
{
	TCase *tcase = tcase_create("bind_advice");

	tcase_add_loop_test(tcase, what_can_be_done_is_said_behind_the_reason, 0,
	    (int)(sizeof(cases) / sizeof(cases[0])));
	return run_case("bind_advice", tcase);
}
