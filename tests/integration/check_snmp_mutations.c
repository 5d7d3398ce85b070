/*
 * Malformed BER: every length field of real v1, v2c and v3 traps cut, grown, negative, indefinite, nested or overlong, one at
 * a time, from the address of a switch: none changes a state, and the daemon goes on.
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/mutate.h"
#include "lib/redis_client.h"
#include "lib/sandbox.h"

#define IF_ENTRY ".1.3.6.1.2.1.2.2.1"
#define LINK_DOWN ".1.3.6.1.6.3.1.1.5.3"

static struct sandbox box;
static json_int_t first_batch;

static void
set_up(void)
{
	sandbox_init(&box);
	sandbox_configure(&box,
	    &(struct sandbox_lines){
		.snmp = "user = open\nuser = monitor SHA \"auth secret\" AES \"priv secret\"\n" });
	sandbox_start_ready(&box);
	sandbox_load(&box, SANDBOX_TOPOLOGY);
	first_batch = sandbox_status_number(&box, "redis.batch");
}

static void
tear_down(void)
{
	ck_assert_int_eq(sandbox_status_number(&box, "redis.batch"), first_batch);
	ck_assert_int_eq(redis_events(box.redis), 0);
	ck_assert_int_eq(redis_number(box.redis, "XLEN dpwatch:link-events"), 0);
	/* And it still does its work. */
	sandbox_link_down(&box, LEAF1, 1);
	WAIT_FOR(redis_events(box.redis) == 1);
	sandbox_release(&box);
}

/* What each version needs before the varbinds. */
#define V1 "snmptrap", "-v1", "-c", "public", "AGENT", ".1.3.6.1.4.1.9.1.1", LEAF1, "2", "0", "1234"
#define V2C "snmptrap", "-v2c", "-c", "public", "AGENT", "1234", LINK_DOWN
#define V3(...)                                                                               \
	"snmptrap", "-v3", "-e", "0x80001f8804c0ffee01", "-Z", "1,100", __VA_ARGS__, "AGENT", \
	    "1234", LINK_DOWN
static const char *const heads[][24] = {
	{ V1 },
	{ V2C },
	{ V3("-l", "noAuthNoPriv", "-u", "open") },
	{ V3("-l", "authNoPriv", "-u", "monitor", "-a", "SHA", "-A", "auth secret") },
	{ V3("-l", "authPriv", "-u", "monitor", "-a", "SHA", "-A", "auth secret", "-x", "AES", "-X",
	    "priv secret") },
};

/* A linkDown of ifIndex 1 with all that such traps carry, and more than that. */
static size_t
capture(int head, uint8_t *bytes, size_t size)
{
	static const char *const common[] = { IF_ENTRY ".1.1", "i", "1", IF_ENTRY ".7.1", "i", "1",
		IF_ENTRY ".8.1", "i", "2", ".1.3.6.1.2.1.1.5.0", "s", "leaf1",
		".1.3.6.1.6.3.18.1.3.0", "a", "192.0.2.1", ".1.3.6.1.2.1.1.2.0", "o",
		".1.3.6.1.4.1.9.1.1", ".1.3.6.1.2.1.2.2.1.9.1", "t", "77" };
	const char *argv[48] = { NULL };
	size_t n = 0;

	while (n < 24 && heads[head][n]) {
		argv[n] = heads[head][n];
		n++;
	}
	for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++)
		argv[n++] = common[i];
	return sandbox_capture(bytes, size, argv);
}

START_TEST(no_wrong_length_changes_anything)
{
	uint8_t bytes[2048];
	char buf[2064];
	struct slice message = { (const char *)bytes, capture(_i, bytes, sizeof(bytes)) };
	size_t n = mutate_count(message);
	int fd = sandbox_socket(LEAF1, "127.0.0.1", box.snmp_port);

	for (size_t i = 0; i < n; i++) {
		struct slice mutant = mutate(message, i, buf, sizeof(buf));
		ck_assert_int_eq(send(fd, mutant.data, mutant.len, 0), (ssize_t)mutant.len);
		if (i % 64 == 63)
			WAIT_FOR(sandbox_counter(&box, "trap.received") == (json_int_t)i + 1);
	}
	WAIT_FOR(sandbox_counter(&box, "trap.received") == (json_int_t)n);
	ck_assert_int_eq(sandbox_counter(&box, "trap.event"), 0);
	ck_assert_int_gt(sandbox_counter(&box, "trap.malformed"), (json_int_t)n / 2);
	printf("%zu mutations of %s %s\n", n, heads[_i][1], _i > 1 ? heads[_i][7] : "");
	close(fd);
}
END_TEST

/* Each octet of each as each of some values: more than ten thousand, most of them well-formed at first sight. */
START_TEST(no_wrong_octet_does_any_harm)
{
	static const uint8_t values[] = { 0x00, 0x01, 0x30, 0x7f, 0x80, 0x81, 0x84, 0xff };
	uint8_t bytes[2048];
	size_t len = capture(_i, bytes, sizeof(bytes));
	json_int_t sent = 0;
	/* From a stranger: another ifIndex is a good trap about another interface. */
	int fd = sandbox_socket(STRANGER, "127.0.0.1", box.snmp_port);

	for (size_t at = 0; at < len; at++) {
		for (size_t i = 0; i < sizeof(values); i++) {
			uint8_t old = bytes[at];
			bytes[at] = values[i];
			ck_assert_int_eq(send(fd, bytes, len, 0), (ssize_t)len);
			bytes[at] = old;
			if (++sent % 64 == 0)
				WAIT_FOR(sandbox_counter(&box, "trap.received") == sent);
		}
	}
	WAIT_FOR(sandbox_counter(&box, "trap.received") == sent);
	close(fd);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("snmp mutations");
	TCase *tcase = tcase_create("mutations");
	int n = (int)(sizeof(heads) / sizeof(heads[0]));

	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, no_wrong_length_changes_anything, 0, n);
	tcase_add_loop_test(tcase, no_wrong_octet_does_any_harm, 0, n);
	suite_add_tcase(suite, tcase);
	return sandbox_main(suite);
}
