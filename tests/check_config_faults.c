/*
 * What dpwatch.conf may not say, and how that is told; and the units that its values are written in.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/config_fixture.h"
#include "lib/guard.h"
#include "lib/run_suite.h"

#define N(array) (int)(sizeof(array) / sizeof((array)[0]))

static const struct {
	const char *text, *fault;
} faults[] = {
	{ "x", "dpwatch.conf:1: \"x\" is neither [section] nor key = value nor a comment (#)" },
	{ "= 5", "dpwatch.conf:1: \"= 5\" is neither [section] nor key = value nor a comment (#)" },
	{ "\n\nlisten = x",
	    "dpwatch.conf:3: listen: stands before the first section; begin with a line such as [daemon]" },
	{ "[snmp",
	    "dpwatch.conf:1: \"[snmp\" begins a section, but \"]\" is not its last character" },
	{ "[snmp] # traps",
	    "dpwatch.conf:1: \"[snmp] # traps\" begins a section, but \"]\" is not its last character" },
	{ "[]",
	    "dpwatch.conf:1: unknown section []; right is daemon, snmp, syslog, redis, state, api or neutron" },
	{ "[snpm]", "dpwatch.conf:1: unknown section [snpm]; did you mean [snmp]?" },
	{ "[Redis]", "dpwatch.conf:1: unknown section [Redis]; did you mean [redis]?" },
	{ "[database]",
	    "dpwatch.conf:1: unknown section [database]; right is daemon, snmp, syslog, redis, state, api or neutron" },
	{ "[snmp]\nlisen = udp:0.0.0.0:162",
	    "dpwatch.conf:2: [snmp] lisen: unknown key; did you mean listen?" },
	{ "[snmp]\nLISTEN = udp:0.0.0.0:162",
	    "dpwatch.conf:2: [snmp] LISTEN: unknown key; did you mean listen?" },
	{ "[snmp]\nprefix = x",
	    "dpwatch.conf:2: [snmp] prefix: unknown key here; there is [redis] prefix" },
	{ "[daemon]\nfrobnicate = x",
	    "dpwatch.conf:2: [daemon] frobnicate: unknown key; right is state_dir, log_level or log_target" },
	{ "[state]\nup_delay = 1s\n\nup_delay = 1s",
	    "dpwatch.conf:4: [state] up_delay: is set on line 2 already; keep one of them" },
	{ "[daemon]\nstate_dir =",
	    "dpwatch.conf:2: [daemon] state_dir: is empty; the default is /var/lib/dpwatch" },
	{ "[daemon]\nlog_level = loud",
	    "dpwatch.conf:2: [daemon] log_level: \"loud\" is wrong; right is error, warning, info or debug" },
	{ "[daemon]\nlog_level =",
	    "dpwatch.conf:2: [daemon] log_level: \"\" is wrong; right is error, warning, info or debug" },
	{ "[snmp]\nlisten = 0.0.0.0:162",
	    "dpwatch.conf:2: [snmp] listen: \"0.0.0.0:162\" is wrong; right is udp:ADDR:PORT, udp6:[ADDR]:PORT, "
	    "tcp:ADDR:PORT or tcp6:[ADDR]:PORT, ADDR being an IP address" },
	{ "[syslog]\nlisten = udp:localhost:514",
	    "dpwatch.conf:2: [syslog] listen: \"udp:localhost:514\" is wrong; right is udp:ADDR:PORT, tcp:ADDR:PORT, "
	    "tls:ADDR:PORT or unix:PATH, ADDR being an IP address (IPv6 in brackets), PATH at most 107 bytes" },
	{ "[api]\nlisten = tcp:127.0.0.1:80",
	    "dpwatch.conf:2: [api] listen: \"tcp:127.0.0.1:80\" is wrong; right is unix:PATH, http:ADDR:PORT or "
	    "https:ADDR:PORT, ADDR being an IP address (IPv6 in brackets), PATH at most 107 bytes" },
	{ "[neutron]\nmetrics_listen = 127.0.0.1:80",
	    "dpwatch.conf:2: [neutron] metrics_listen: \"127.0.0.1:80\" is wrong; right is http:ADDR:PORT, ADDR being "
	    "an IP address (IPv6 in brackets)" },
	{ "[snmp]\nlisten = udp:0.0.0.0:162,,udp:0.0.0.0:163",
	    "dpwatch.conf:2: [snmp] listen: nothing stands between or after the commas" },
	{ "[snmp]\nuser = m SHA short",
	    "dpwatch.conf:2: [snmp] user: the authentication secret is shorter than 8 octets (RFC 3414 11.2)" },
	{ "[snmp]\nuser = m\nuser = n\nuser = m SHA topsecret",
	    "dpwatch.conf: [snmp] user: m stands twice for the same engine; keep one of them" },
	{ "[snmp]\ncommunity = public,",
	    "dpwatch.conf:2: [snmp] community: nothing stands between or after the commas" },
	{ "[snmp]\nallow = 10.0.0.0/33",
	    "dpwatch.conf:2: [snmp] allow: \"10.0.0.0/33\" is wrong; right is an IP address or a network such as "
	    "192.0.2.0/24 or 2001:db8::/32" },
	{ "[snmp]\nreceive_buffer = 32MB",
	    "dpwatch.conf:2: [snmp] receive_buffer: \"32MB\" is wrong; right is a size from 64KiB to 1GiB (units are KiB, "
	    "MiB, GiB)" },
	{ "[snmp]\nreceive_buffer = 4096",
	    "dpwatch.conf:2: [snmp] receive_buffer: \"4096\" is wrong; right is a size from 64KiB to 1GiB (units are KiB, "
	    "MiB, GiB)" },
	{ "[snmp]\nbucket = 5000 1000",
	    "dpwatch.conf:2: [snmp] bucket: \"5000 1000\" is wrong; right is off, or RATE BURST: words per second, and "
	    "at once (not below RATE), up to 10000000" },
	{ "[snmp]\nbucket = 1 2 3",
	    "dpwatch.conf:2: [snmp] bucket: \"1 2 3\" is wrong; right is off, or RATE BURST: words per second, and at "
	    "once (not below RATE), up to 10000000" },
	{ "[snmp]\npoll_user = monitor",
	    "dpwatch.conf:2: [snmp] poll_user: there is no user of that name; add a `user` line, or write the whole line "
	    "here" },
	{ "[snmp]\npoll_interval = 5m",
	    "dpwatch.conf:2: [snmp] poll_interval: \"5m\" is wrong; right is a duration from 0 to 7d (units are ms, s, min, "
	    "h, d)" },
	{ "[state]\nsource_settle = 2",
	    "dpwatch.conf:2: [state] source_settle: \"2\" is wrong; right is a duration from 0 to 1min (units are ms, s, "
	    "min, h, d)" },
	{ "[state]\nsource_settle = -1s",
	    "dpwatch.conf:2: [state] source_settle: \"-1s\" is wrong; right is a duration from 0 to 1min (units are ms, s, "
	    "min, h, d)" },
	{ "[state]\nup_delay = 61min # an hour",
	    "dpwatch.conf:2: [state] up_delay: \"61min # an hour\" is wrong; right is a duration from 0 to 1h (units are ms, "
	    "s, min, h, d)" },
	{ "[state]\ndampening = on",
	    "dpwatch.conf:2: [state] dampening: \"on\" is wrong; right is off, or [observe] HALF-LIFE REUSE SUPPRESS MAX, "
	    "such as 5s 1000 2000 20s (times up to 1h, SUPPRESS above REUSE)" },
	{ "[state]\ndampening = 5s 2000 1000 20s",
	    "dpwatch.conf:2: [state] dampening: \"5s 2000 1000 20s\" is wrong; right is off, or [observe] HALF-LIFE REUSE "
	    "SUPPRESS MAX, such as 5s 1000 2000 20s (times up to 1h, SUPPRESS above REUSE)" },
	{ "[state]\ndampening = 20s 1000 9000 20s",
	    "dpwatch.conf:2: [state] dampening: \"20s 1000 9000 20s\" is wrong; right is a MAX in which REUSE can double to "
	    "more than SUPPRESS" },
	{ "[state]\ndampening = 1h 1000 2000 1h",
	    "dpwatch.conf:2: [state] dampening: \"1h 1000 2000 1h\" is wrong; right is a MAX in which REUSE can double to "
	    "more than SUPPRESS" },
	{ "[state]\ndampening = 10s 1000 3000 11s",
	    "dpwatch.conf:2: [state] dampening: \"10s 1000 3000 11s\" is wrong; right is a MAX in which REUSE can double to "
	    "more than SUPPRESS" },
	{ "[redis]\nserver = localhost:6379",
	    "dpwatch.conf:2: [redis] server: \"localhost:6379\" is wrong; right is embedded, unix:PATH or tcp:HOST:PORT" },
	{ "[redis]\nserver = udp:192.0.2.1:6379",
	    "dpwatch.conf:2: [redis] server: \"udp:192.0.2.1:6379\" is wrong; right is embedded, unix:PATH or "
	    "tcp:HOST:PORT" },
	{ "[redis]\nprefix = a b",
	    "dpwatch.conf:2: [redis] prefix: \"a b\" is wrong; right is at most 64 characters without blanks, such as "
	    "dpwatch:" },
	{ "[redis]\nusername = x",
	    "dpwatch.conf:2: [redis] username: needs password_file as well" },
	{ "[snmp]\nlisten = udp:192.0.2.1:162, udp:192.0.2.1:162",
	    "dpwatch.conf:2: [snmp] listen: udp:192.0.2.1:162 is taken by [snmp] listen udp:192.0.2.1:162 already" },
	{ "[snmp]\nlisten = udp:192.0.2.1:514\n[syslog]\nlisten = tcp:192.0.2.1:514\nlisten = udp:192.0.2.1:514",
	    "dpwatch.conf:5: [syslog] listen: udp:192.0.2.1:514 is taken by [snmp] listen udp:192.0.2.1:514 already" },
	{ "[syslog]\nlisten = tcp:192.0.2.1:514\n[api]\nlisten = unix:/a, http:192.0.2.1:514",
	    "dpwatch.conf:4: [api] listen: http:192.0.2.1:514 is taken by [syslog] listen tcp:192.0.2.1:514 already" },
	{ "[redis]\ndatabase = 1.5",
	    "dpwatch.conf:2: [redis] database: \"1.5\" is wrong; right is a number from 0 to 65535" },
	{ "[redis]\nevents_max_length = 0",
	    "dpwatch.conf:2: [redis] events_max_length: \"0\" is wrong; right is a number from 1 to 1000000000000" },
	{ "[syslog]\nmax_connections = 99999999999999999999",
	    "dpwatch.conf:2: [syslog] max_connections: \"99999999999999999999\" is wrong; right is a number from 1 to "
	    "65536" },
	{ "[syslog]\nlisten = tls:0.0.0.0:6514\ntls_cert = /c",
	    "dpwatch.conf:2: [syslog] listen: tls: needs tls_cert and tls_key as well" },
	{ "[api]\n\nlisten = https:0.0.0.0:443",
	    "dpwatch.conf:3: [api] listen: https: needs tls_cert and tls_key as well" },
	{ "[neutron]\nmax_down = 101%",
	    "dpwatch.conf:2: [neutron] max_down: \"101%\" is wrong; right is a share from 1% to 100%" },
	{ "[neutron]\ninsecure = maybe",
	    "dpwatch.conf:2: [neutron] insecure: \"maybe\" is wrong; right is true or false" },
	{ "[daemon]\nstate_dir = /caf\xe9", "dpwatch.conf:2: the line is not UTF-8" },
	{ "[daemon]\n# caf\xe9", "dpwatch.conf:2: the line is not UTF-8" },
	{ "[daemon]\nstate_dir = /a\x1b[2J",
	    "dpwatch.conf:2: the line holds a control character (byte 0x1b)" },
	{ "[daemon]\nstate_dir = /a\xc2\x9b",
	    "dpwatch.conf:2: the line holds a control character (byte 0xc2)" },
	{ "[daemon]\rstate_dir = /a",
	    "dpwatch.conf:1: the line holds a control character (byte 0x0d)" },
};

START_TEST(a_fault_is_told_with_file_line_key_and_what_would_be_right)
{
	struct guard guard = { 0 };
	size_t len = strlen(faults[_i].text);
	char *at = guard_put(&guard, faults[_i].text, len);
	struct config untouched = { 0 };

	int r = config_parse("dpwatch.conf", (struct slice){ at, len }, &config, &fault);
	ck_assert_int_eq(r, -EINVAL);
	ck_assert_str_eq(fault.text, faults[_i].fault);
	ck_assert_mem_eq(&config, &untouched, sizeof(config));
	guard_release(&guard);
}
END_TEST

START_TEST(a_nul_byte_is_a_fault_wherever_it_stands)
{
	static const char *const texts[] = { "\0[api]", "[api]\0", "[daemon]\nstate_dir = /a\0b",
		"#\0" };
	static const size_t lens[] = { 6, 6, 25, 2 };

	for (int i = 0; i < N(texts); i++) {
		ck_assert_int_eq(
		    config_parse("f", (struct slice){ texts[i], lens[i] }, &config, &fault),
		    -EINVAL);
		ck_assert_ptr_nonnull(
		    strstr(fault.text, "the line holds a control character (byte 0x00)"));
	}
}
END_TEST

START_TEST(an_oversized_line_or_file_is_a_fault)
{
	char *text = malloc(1100000);

	ck_assert_ptr_nonnull(text);
	memset(text, '#', 1100000);
	ck_assert_int_eq(config_parse("f", (struct slice){ text, 4097 }, &config, &fault), -EINVAL);
	ck_assert_str_eq(fault.text, "f:1: the line is longer than 4096 bytes");
	ck_assert_int_eq(
	    config_parse("f", (struct slice){ text, 1100000 }, &config, &fault), -EINVAL);
	ck_assert_str_eq(fault.text, "f: is larger than 1 MiB: this is no dpwatch.conf");
	ck_assert_int_eq(config_parse("f", (struct slice){ text, 4096 }, &config, &fault), 0);
	free(text);
}
END_TEST

static const struct {
	const char *text;
	int64_t ms; /* -1: it is none */
} durations[] = { { "0", 0 }, { "0s", 0 }, { "500ms", 500 }, { "2s", 2000 }, { "5min", 300000 },
	{ "2h", 7200000 }, { "7d", 604800000 }, { "1.5h", 5400000 }, { "0.25s", 250 },
	{ "0.0001s", 0 }, { "36525d", INT64_C(3155760000000) }, { "36526d", -1 },
	{ "36525.1d", -1 }, { "", -1 }, { "5", -1 }, { "s", -1 }, { "5m", -1 }, { "5 s", -1 },
	{ "+5s", -1 }, { "-5s", -1 }, { "1.s", -1 }, { ".5s", -1 }, { "1.1234567s", -1 },
	{ "1e3s", -1 }, { "5S", -1 }, { "5sec", -1 }, { "99999999999999999999s", -1 },
	{ "18446744073709551616ms", -1 } };

START_TEST(a_duration_is_a_number_with_its_unit)
{
	struct guard guard = { 0 };
	size_t len = strlen(durations[_i].text);
	struct slice text = { guard_put(&guard, durations[_i].text, len), len };
	int64_t ms = -1;

	ck_assert_int_eq(config_duration_parse(text, &ms), durations[_i].ms >= 0);
	ck_assert_int_eq(ms, durations[_i].ms);
	guard_release(&guard);
}
END_TEST

static const struct {
	const char *text, *kind, *host; /* kind NULL: it is none */
	unsigned port;
} endpoints[] = { { "udp:127.0.0.1:162", "udp", "127.0.0.1", 162 },
	{ "udp6:[::1]:162", "udp6", "::1", 162 },
	{ "tcp:redis.example.net:6379", "tcp", "redis.example.net", 6379 },
	{ "tls:[2001:db8::1]:65535", "tls", "2001:db8::1", 65535 },
	{ "unix:/run/a:b", "unix", "/run/a:b", 0 }, { "http:0.0.0.0:1", "http", "0.0.0.0", 1 },
	{ "https:[fe80::1%lo]:443", "https", "fe80::1%lo", 443 }, { "", NULL, NULL, 0 },
	{ "udp", NULL, NULL, 0 }, { "udp:", NULL, NULL, 0 }, { ":1:2", NULL, NULL, 0 },
	{ "udp:162", NULL, NULL, 0 }, { "udp::162", NULL, NULL, 0 }, { "udp:a:0", NULL, NULL, 0 },
	{ "udp:a:65536", NULL, NULL, 0 }, { "udp:a:", NULL, NULL, 0 }, { "udp:a:x", NULL, NULL, 0 },
	{ "udp:::1:162", NULL, NULL, 0 }, { "udp:[]:162", NULL, NULL, 0 },
	{ "udp:[::1:162", NULL, NULL, 0 }, { "udp:a b:162", NULL, NULL, 0 },
	{ "unix:", NULL, NULL, 0 }, { "ftp:a:21", NULL, NULL, 0 }, { "UDP:a:1", NULL, NULL, 0 } };

START_TEST(an_endpoint_is_a_kind_a_host_and_a_port)
{
	struct config_endpoint endpoint = { 0 };
	bool is_one = config_endpoint_parse(endpoints[_i].text, &endpoint);

	ck_assert_int_eq(is_one, endpoints[_i].kind != NULL);
	if (!is_one)
		return;
	ck_assert_str_eq(endpoint.kind, endpoints[_i].kind);
	ck_assert(slice_eq_str(endpoint.host, endpoints[_i].host));
	ck_assert_uint_eq(endpoint.port, endpoints[_i].port);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("config faults");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(
	    tc, a_fault_is_told_with_file_line_key_and_what_would_be_right, 0, N(faults));
	tcase_add_test(tc, a_nul_byte_is_a_fault_wherever_it_stands);
	tcase_add_test(tc, an_oversized_line_or_file_is_a_fault);
	tcase_add_loop_test(tc, a_duration_is_a_number_with_its_unit, 0, N(durations));
	tcase_add_loop_test(tc, an_endpoint_is_a_kind_a_host_and_a_port, 0, N(endpoints));
	return run_case("config faults", tc);
}
