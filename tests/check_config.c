#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/config_table.h"
#include "lib/config_fixture.h"
#include "lib/data_file.h"
#include "lib/run_suite.h"

static void
parse(const char *text)
{
	config_release(&config);
	int r = config_parse("dpwatch.conf", slice_of(text), &config, &fault);
	ck_assert_msg(r == 0, "%s", fault.text);
}

static void
assert_addr(const struct addr_net *net, const char *text, unsigned bits)
{
	struct addr addr;

	ck_assert(addr_parse(slice_of(text), &addr));
	ck_assert(addr_eq(&net->addr, &addr));
	ck_assert_uint_eq(net->bits, bits);
}

START_TEST(an_empty_file_gives_the_defaults_of_the_design)
{
	parse("");
	ck_assert_str_eq(config.daemon.state_dir, "/var/lib/dpwatch");
	ck_assert_int_eq(config.daemon.log_level, LOG_LEVEL_INFO);
	ck_assert_int_eq(config.daemon.log_target, LOG_TARGET_STDERR);
	ck_assert_uint_eq(config.snmp.listen.n, 1);
	ck_assert_str_eq(config.snmp.listen.items[0], "udp:0.0.0.0:162");
	ck_assert_uint_eq(config.snmp.community.n, 0);
	ck_assert_uint_eq(config.snmp.user.n, 0);
	ck_assert_uint_eq(config.snmp.trusted_relays.n, 0);
	ck_assert_uint_eq(config.snmp.allow.n, 0);
	ck_assert_uint_eq(config.snmp.receive_buffer, 33554432);
	ck_assert_int_eq(config.snmp.min_level, MIN_LEVEL_NO_AUTH_NO_PRIV);
	ck_assert_uint_eq(config.snmp.bucket_rate, 0);
	ck_assert_uint_eq(config.snmp.bucket_burst, 0);
	ck_assert_ptr_null(config.snmp.poll_community);
	ck_assert_ptr_null(config.snmp.poll_user);
	ck_assert_int_eq(config.snmp.poll_interval_ms, 300000);
	ck_assert_int_eq(config.snmp.poll_verify_ms, 0);
	ck_assert_uint_eq(config.syslog.listen.n, 2);
	ck_assert_str_eq(config.syslog.listen.items[0], "udp:0.0.0.0:514");
	ck_assert_str_eq(config.syslog.listen.items[1], "tcp:0.0.0.0:514");
	ck_assert_ptr_null(config.syslog.tls_cert);
	ck_assert_uint_eq(config.syslog.max_connections, 512);
	ck_assert_uint_eq(config.syslog.max_message, 8192);
	ck_assert_int_eq(config.syslog.idle_timeout_ms, 86400000);
	ck_assert_uint_eq(config.syslog.rules_dir.n, 2);
	ck_assert_str_eq(config.syslog.rules_dir.items[0], DPWATCH_PREFIX "/share/dpwatch/rules");
	ck_assert_str_eq(config.syslog.rules_dir.items[1], DPWATCH_SYSCONFDIR "/dpwatch/rules.d");
	ck_assert_int_eq(config.redis.kind, REDIS_EMBEDDED);
	ck_assert_ptr_null(config.redis.path);
	ck_assert_ptr_null(config.redis.host);
	ck_assert_ptr_null(config.redis.password_file);
	ck_assert_uint_eq(config.redis.database, 0);
	ck_assert_str_eq(config.redis.prefix, "dpwatch:");
	ck_assert_uint_eq(config.redis.events_max_length, 1000000);
	ck_assert_uint_eq(config.redis.journal_max, 268435456);
	ck_assert_int_eq(config.state.source_settle_ms, 2000);
	ck_assert_int_eq(config.state.echo_window_ms, 60000);
	ck_assert_int_eq(config.state.down_delay_ms, 0);
	ck_assert_int_eq(config.state.up_delay_ms, 0);
	ck_assert_int_eq(config.state.dampening, DAMPENING_OFF);
	ck_assert_int_eq(config.state.admin_down, ADMIN_DOWN_IS_DOWN);
	ck_assert_uint_eq(config.api.listen.n, 1);
	ck_assert_str_eq(config.api.listen.items[0], "unix:/run/dpwatch/api.sock");
	ck_assert_ptr_null(config.api.token_file);
	ck_assert_int_eq(config.api.anonymous, ANONYMOUS_OFF);
	ck_assert_uint_eq(config.api.max_body, 65536);
	ck_assert_uint_eq(config.neutron.parallel, 16);
	ck_assert_int_eq(config.neutron.reconcile_every_ms, 600000);
	ck_assert_int_eq(config.neutron.import_every_ms, 0);
	ck_assert_uint_eq(config.neutron.max_down_percent, 20);
	ck_assert(!config.neutron.insecure);
	ck_assert_ptr_null(config.neutron.hosts_file);
}
END_TEST

static const char every_key[] =
    "\xef\xbb\xbf# begins with a byte order mark\r\n"
    "[daemon]\r\nstate_dir = /srv/dp watch \r\nlog_level=debug\nlog_target\t=\tjournal\n"
    "[snmp]\nlisten = udp:192.0.2.1:1162, udp6:[::]:1162\nlisten = tcp:192.0.2.1:162\n"
    "community = public, secret two\ncommunity = a=b\n"
    "user = monitor SHA-256 \"a, b # c\" AES \"d and more\" engine=0x8000000001\nuser = other MD5 file:/x\n"
    "trusted_relays = 192.0.2.0/24, 2001:db8::1\nallow = ::/0\nreceive_buffer = 1MiB\n"
    "min_level = authPriv\nbucket = 100 2000\npoll_community = file:/etc/c\npoll_user = monitor\n"
    "poll_interval = off\npoll_verify = 5s\n"
    "; the other comment\n"
    "[syslog]\nlisten = tls:[::]:6514, unix:/run/log.sock\ntls_cert = /c\ntls_key = /k\ntls_ca = /a\n"
    "max_connections = 7\nmax_message = 2KiB\nidle_timeout = 0\nrules_dir = conf/rules\n"
    "[redis]\nserver = tcp:redis.example.net:6379\nusername = u\npassword_file = /p\ndatabase = 3\n"
    "prefix = {site-a}:\nevents_max_length = 10\njournal_max = 1GiB\n"
    "[state]\nsource_settle = 0\necho_window = 1.5min\ndown_delay = 250ms\nup_delay = 1h\n"
    "dampening = observe 10s 800 3000 1min\nadmin_down = ignore\n"
    "[api]\nlisten = http:127.0.0.1:9797, https:[::1]:9798\ntoken_file = t\nanonymous = read\n"
    "max_body = 1MiB\ntls_cert = c\ntls_key = k\n"
    "[neutron]\nparallel = 2\nreconcile_every = off\nimport_every = 1h\nhosts_file = h\n"
    "max_down = 55 %\nca = ca.pem\ninsecure = yes\nmetrics_listen = http:127.0.0.1:1\n"
    "[state]";

START_TEST(every_key_of_daemon_and_snmp_takes_a_value)
{
	parse(every_key);
	ck_assert_str_eq(config.daemon.state_dir, "/srv/dp watch");
	ck_assert_int_eq(config.daemon.log_level, LOG_LEVEL_DEBUG);
	ck_assert_int_eq(config.daemon.log_target, LOG_TARGET_JOURNAL);
	ck_assert_uint_eq(config.snmp.listen.n, 3);
	ck_assert_str_eq(config.snmp.listen.items[0], "udp:192.0.2.1:1162");
	ck_assert_str_eq(config.snmp.listen.items[1], "udp6:[::]:1162");
	ck_assert_str_eq(config.snmp.listen.items[2], "tcp:192.0.2.1:162");
	ck_assert_uint_eq(config.snmp.community.n, 3);
	ck_assert_str_eq(config.snmp.community.items[1], "secret two");
	ck_assert_str_eq(config.snmp.community.items[2], "a=b");
	ck_assert_uint_eq(config.snmp.user.n, 2);
	ck_assert_str_eq(config.snmp.user.items[0],
	    "monitor SHA-256 \"a, b # c\" AES \"d and more\" engine=0x8000000001");
	ck_assert_uint_eq(config.snmp.trusted_relays.n, 2);
	assert_addr(&config.snmp.trusted_relays.items[0], "192.0.2.0", 120);
	assert_addr(&config.snmp.trusted_relays.items[1], "2001:db8::1", 128);
	assert_addr(&config.snmp.allow.items[0], "::", 0);
	ck_assert_uint_eq(config.snmp.receive_buffer, 1048576);
	ck_assert_int_eq(config.snmp.min_level, MIN_LEVEL_AUTH_PRIV);
	ck_assert_uint_eq(config.snmp.bucket_rate, 100);
	ck_assert_uint_eq(config.snmp.bucket_burst, 2000);
	ck_assert_str_eq(config.snmp.poll_community, "file:/etc/c");
	ck_assert_str_eq(config.snmp.poll_user, "monitor");
	ck_assert_int_eq(config.snmp.poll_interval_ms, 0);
	ck_assert_int_eq(config.snmp.poll_verify_ms, 5000);
}
END_TEST

START_TEST(every_key_of_syslog_and_redis_takes_a_value)
{
	parse(every_key);
	ck_assert_str_eq(config.syslog.listen.items[0], "tls:[::]:6514");
	ck_assert_str_eq(config.syslog.listen.items[1], "unix:/run/log.sock");
	ck_assert_str_eq(config.syslog.tls_ca, "/a");
	ck_assert_uint_eq(config.syslog.max_connections, 7);
	ck_assert_uint_eq(config.syslog.max_message, 2048);
	ck_assert_int_eq(config.syslog.idle_timeout_ms, 0);
	ck_assert_uint_eq(config.syslog.rules_dir.n, 1);
	ck_assert_str_eq(config.syslog.rules_dir.items[0], "conf/rules");
	ck_assert_int_eq(config.redis.kind, REDIS_TCP);
	ck_assert_str_eq(config.redis.host, "redis.example.net");
	ck_assert_uint_eq(config.redis.port, 6379);
	ck_assert_ptr_null(config.redis.path);
	ck_assert_str_eq(config.redis.username, "u");
	ck_assert_str_eq(config.redis.password_file, "/p");
	ck_assert_uint_eq(config.redis.database, 3);
	ck_assert_str_eq(config.redis.prefix, "{site-a}:");
	ck_assert_uint_eq(config.redis.events_max_length, 10);
	ck_assert_uint_eq(config.redis.journal_max, 1073741824);
}
END_TEST

START_TEST(every_key_of_state_api_and_neutron_takes_a_value)
{
	parse(every_key);
	ck_assert_int_eq(config.state.source_settle_ms, 0);
	ck_assert_int_eq(config.state.echo_window_ms, 90000);
	ck_assert_int_eq(config.state.down_delay_ms, 250);
	ck_assert_int_eq(config.state.up_delay_ms, 3600000);
	ck_assert_int_eq(config.state.dampening, DAMPENING_OBSERVE);
	ck_assert_int_eq(config.state.dampening_half_life_ms, 10000);
	ck_assert_uint_eq(config.state.dampening_reuse, 800);
	ck_assert_uint_eq(config.state.dampening_suppress, 3000);
	ck_assert_int_eq(config.state.dampening_max_suppress_ms, 60000);
	ck_assert_int_eq(config.state.admin_down, ADMIN_DOWN_IGNORE);
	ck_assert_uint_eq(config.api.listen.n, 2);
	ck_assert_str_eq(config.api.token_file, "t");
	ck_assert_int_eq(config.api.anonymous, ANONYMOUS_READ);
	ck_assert_uint_eq(config.api.max_body, 1048576);
	ck_assert_str_eq(config.api.tls_key, "k");
	ck_assert_uint_eq(config.neutron.parallel, 2);
	ck_assert_int_eq(config.neutron.reconcile_every_ms, 0);
	ck_assert_int_eq(config.neutron.import_every_ms, 3600000);
	ck_assert_str_eq(config.neutron.hosts_file, "h");
	ck_assert_uint_eq(config.neutron.max_down_percent, 55);
	ck_assert_str_eq(config.neutron.ca, "ca.pem");
	ck_assert(config.neutron.insecure);
	ck_assert_str_eq(config.neutron.metrics_listen, "http:127.0.0.1:1");
}
END_TEST

START_TEST(a_unix_redis_is_a_path)
{
	parse("[redis]\nserver = unix:/run/redis.sock\n");
	ck_assert_int_eq(config.redis.kind, REDIS_UNIX);
	ck_assert_str_eq(config.redis.path, "/run/redis.sock");
	ck_assert_ptr_null(config.redis.host);
}
END_TEST

START_TEST(dampening_without_a_mode_is_on)
{
	parse("[state]\ndampening = 5s 1000 2000 20s\n");
	ck_assert_int_eq(config.state.dampening, DAMPENING_ON);
	ck_assert_int_eq(config.state.dampening_half_life_ms, 5000);
	ck_assert_uint_eq(config.state.dampening_reuse, 1000);
	ck_assert_uint_eq(config.state.dampening_suppress, 2000);
	ck_assert_int_eq(config.state.dampening_max_suppress_ms, 20000);
}
END_TEST

START_TEST(an_empty_list_replaces_its_default_too)
{
	parse("[syslog]\nlisten =\n");
	ck_assert_uint_eq(config.syslog.listen.n, 0);
	parse("[syslog]\nlisten =\nlisten = udp:127.0.0.1:1514\n");
	ck_assert_uint_eq(config.syslog.listen.n, 1);
}
END_TEST

START_TEST(a_section_may_be_opened_again)
{
	parse("[state]\nup_delay = 1s\n[api]\n[state]\ndown_delay = 2s\n");
	ck_assert_int_eq(config.state.up_delay_ms, 1000);
	ck_assert_int_eq(config.state.down_delay_ms, 2000);
}
END_TEST

START_TEST(a_reload_names_all_keys_that_need_a_restart)
{
	char keys[CONFIG_KEYS_MAX];
	struct config now;

	parse("[snmp]\ncommunity = a\n");
	ck_assert_int_eq(
	    config_parse("f", SLICE("[snmp]\ncommunity = b\nmin_level = authPriv\n"), &now, &fault),
	    0);
	ck_assert_uint_eq(config_needs_restart(&config, &now, keys), 0);
	ck_assert_str_eq(keys, "");
	config_release(&now);
	ck_assert_int_eq(
	    config_parse("f", SLICE("[redis]\nserver = unix:/x\n[snmp]\nlisten = udp:[::]:162\n"),
		&now, &fault),
	    0);
	ck_assert_uint_eq(config_needs_restart(&config, &now, keys), 2);
	ck_assert_str_eq(keys, "[snmp] listen, [redis] server");
	config_release(&now);
}
END_TEST

START_TEST(all_keys_that_need_a_restart_can_be_named_at_once)
{
	static const char others[] =
	    "[daemon]\nstate_dir = /x\nlog_target = syslog\n"
	    "[snmp]\nlisten =\nreceive_buffer = 1MiB\n[syslog]\nlisten =\n"
	    "[redis]\nserver = unix:/x\nusername = u\npassword_file = /p\ndatabase = 1\nprefix = x\n"
	    "[api]\nlisten =\n";
	char keys[CONFIG_KEYS_MAX];
	struct config now;
	size_t n = 0;

	for (size_t i = 0; i < config_n_rows; i++)
		n += config_rows[i].restart;
	parse("");
	ck_assert_int_eq(config_parse("f", SLICE(others), &now, &fault), 0);
	ck_assert_uint_eq(config_needs_restart(&config, &now, keys), n);
	config_release(&now);
}
END_TEST

START_TEST(a_reload_keeps_what_only_a_restart_changes)
{
	char keys[CONFIG_KEYS_MAX];
	struct config now;

	parse("[redis]\nserver = tcp:192.0.2.1:6379\nprefix = a:\nevents_max_length = 5\n");
	ck_assert_int_eq(config_parse("f",
			     SLICE("[redis]\nserver = unix:/x\nprefix = b:\nevents_max_length = 6\n"
				   "[snmp]\nlisten =\n"),
			     &now, &fault),
	    0);
	config_keep_running(&config, &now);
	ck_assert_int_eq(now.redis.kind, REDIS_TCP);
	ck_assert_str_eq(now.redis.host, "192.0.2.1");
	ck_assert_uint_eq(now.redis.port, 6379);
	ck_assert_ptr_null(now.redis.path);
	ck_assert_str_eq(now.redis.prefix, "a:");
	ck_assert_uint_eq(now.snmp.listen.n, 1);
	ck_assert_uint_eq(now.redis.events_max_length, 6);
	/* What the file says is asked for again at the next reload, too. */
	ck_assert_uint_eq(config_needs_restart(&now, &config, keys), 3);
	config_release(&now);
}
END_TEST

static bool
row_eq(const struct config_row *row, const struct config *a, const struct config *b)
{
	/* Where the rules are installed depends on PREFIX; the sample names the usual place. */
	if (strcmp(row->key, "rules_dir") == 0 && strcmp(DPWATCH_PREFIX, "/usr/local") != 0)
		return true;
	return config_value_eq(row, a, b);
}

/* Uncomments "#key = value" lines; prose has a blank behind its '#'. */
static void
uncomment(char *text)
{
	for (char *at = text; *at; at++)
		if (*at == '#' && (at == text || at[-1] == '\n') && at[1] >= 'a' && at[1] <= 'z')
			*at = ' ';
}

START_TEST(the_sample_configuration_says_every_key_and_its_default)
{
	char *text = data_text("conf/dpwatch.conf"), line[64];
	struct config sample;

	parse(text);
	uncomment(text);
	int r = config_parse("conf/dpwatch.conf", slice_of(text), &sample, &fault);
	ck_assert_msg(r == 0, "%s", fault.text);
	for (size_t i = 0; i < config_n_rows; i++) {
		const struct config_row *row = &config_rows[i];
		snprintf(line, sizeof(line), "\n[%s]\n", row->section);
		char *at = strstr(text, line);
		ck_assert_msg(at != NULL, "%s", row->label);
		snprintf(line, sizeof(line), "\n %s =", row->key);
		ck_assert_msg(strstr(at, line) != NULL, "%s", row->label);
		ck_assert_msg(row_eq(row, &sample, &config), "%s", row->label);
	}
	config_release(&sample);
	free(text);
}
END_TEST

START_TEST(the_man_page_names_every_section_and_key)
{
	char *text = data_text("src/dpwatchd/dpwatch.conf.5"), line[64];

	for (size_t i = 0; i < config_n_rows; i++) {
		snprintf(line, sizeof(line), "\n.Ss [%s]\n", config_rows[i].section);
		char *at = strstr(text, line);
		ck_assert_msg(at != NULL, "%s", config_rows[i].label);
		snprintf(line, sizeof(line), "\n.It Ic %s", config_rows[i].key);
		ck_assert_msg(strstr(at, line) != NULL, "%s", config_rows[i].label);
	}
	free(text);
}
END_TEST

START_TEST(make_run_s_configuration_is_what_the_design_says)
{
	char *text = data_text("conf/dev.conf");

	parse(text);
	ck_assert_str_eq(config.daemon.state_dir, "build/run");
	ck_assert_uint_eq(config.snmp.listen.n, 1);
	ck_assert_str_eq(config.snmp.listen.items[0], "udp:127.0.0.1:10162");
	ck_assert_uint_eq(config.snmp.community.n, 1);
	ck_assert_str_eq(config.snmp.community.items[0], "public");
	ck_assert_uint_eq(config.syslog.listen.n, 2);
	ck_assert_str_eq(config.syslog.listen.items[0], "udp:127.0.0.1:10514");
	ck_assert_str_eq(config.syslog.listen.items[1], "tcp:127.0.0.1:10514");
	ck_assert_uint_eq(config.syslog.rules_dir.n, 1);
	ck_assert_str_eq(config.syslog.rules_dir.items[0], "conf/rules");
	ck_assert_int_eq(config.redis.kind, REDIS_EMBEDDED);
	ck_assert_uint_eq(config.api.listen.n, 2);
	ck_assert_str_eq(config.api.listen.items[0], "unix:build/run/api.sock");
	ck_assert_str_eq(config.api.listen.items[1], "http:127.0.0.1:9797");
	ck_assert_int_eq(config.api.anonymous, ANONYMOUS_READ);
	free(text);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("config");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, an_empty_file_gives_the_defaults_of_the_design);
	tcase_add_test(tc, every_key_of_daemon_and_snmp_takes_a_value);
	tcase_add_test(tc, every_key_of_syslog_and_redis_takes_a_value);
	tcase_add_test(tc, every_key_of_state_api_and_neutron_takes_a_value);
	tcase_add_test(tc, a_unix_redis_is_a_path);
	tcase_add_test(tc, dampening_without_a_mode_is_on);
	tcase_add_test(tc, an_empty_list_replaces_its_default_too);
	tcase_add_test(tc, a_section_may_be_opened_again);
	tcase_add_test(tc, a_reload_names_all_keys_that_need_a_restart);
	tcase_add_test(tc, all_keys_that_need_a_restart_can_be_named_at_once);
	tcase_add_test(tc, a_reload_keeps_what_only_a_restart_changes);
	tcase_add_test(tc, the_sample_configuration_says_every_key_and_its_default);
	tcase_add_test(tc, the_man_page_names_every_section_and_key);
	tcase_add_test(tc, make_run_s_configuration_is_what_the_design_says);
	return run_case("config", tc);
}
