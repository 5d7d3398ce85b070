#include <stdio.h>
#include <string.h>

#include "core/config_table.h"
#include "core/text.h"
#include "core/usm_user.h"

#define KIB UINT64_C(1024)
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)
#define SECOND UINT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

/* sockaddr_un.sun_path is 108 bytes with its NUL. */
#define UNIX_PATH_MAX 107

/* Names in the order of their enums. */
static const char *const log_levels[] = { "error", "warning", "info", "debug", NULL };
static const char *const log_targets[] = { "stderr", "syslog", "journal", NULL };
static const char *const min_levels[] = { "noAuthNoPriv", "authNoPriv", "authPriv", NULL };
static const char *const admin_downs[] = { "down", "ignore", NULL };
static const char *const anonymous[] = { "off", "read", NULL };

/* A listener of one of the kinds: a socket path, or an IP address (no name: nothing is resolved) and a port. */
static bool
check_endpoint(const char *text, const char *const *kinds, const char *want, char *why)
{
	struct config_endpoint endpoint;
	struct addr addr;

	snprintf(why, CONFIG_WHY_MAX, "%s", want);
	if (!config_endpoint_parse(text, &endpoint))
		return false;
	while (*kinds && strcmp(*kinds, endpoint.kind) != 0)
		kinds++;
	if (!*kinds)
		return false;
	if (strcmp(endpoint.kind, "unix") == 0)
		return endpoint.host.len <= UNIX_PATH_MAX;
	return addr_parse(endpoint.host, &addr);
}

static bool
check_snmp_listen(const char *text, char *why)
{
	static const char *const kinds[] = { "udp", "udp6", "tcp", "tcp6", NULL };

	return check_endpoint(text, kinds,
	    "udp:ADDR:PORT, udp6:[ADDR]:PORT, tcp:ADDR:PORT or tcp6:[ADDR]:PORT, ADDR being an IP address",
	    why);
}

static bool
check_syslog_listen(const char *text, char *why)
{
	static const char *const kinds[] = { "udp", "tcp", "tls", "unix", NULL };

	return check_endpoint(text, kinds,
	    "udp:ADDR:PORT, tcp:ADDR:PORT, tls:ADDR:PORT or unix:PATH, ADDR being an IP address (IPv6 in "
	    "brackets), PATH at most 107 bytes",
	    why);
}

static bool
check_api_listen(const char *text, char *why)
{
	static const char *const kinds[] = { "unix", "http", "https", NULL };

	return check_endpoint(text, kinds,
	    "unix:PATH, http:ADDR:PORT or https:ADDR:PORT, ADDR being an IP address (IPv6 in brackets), PATH at "
	    "most 107 bytes",
	    why);
}

static bool
check_metrics_listen(const char *text, char *why)
{
	static const char *const kinds[] = { "http", NULL };

	return check_endpoint(
	    text, kinds, "http:ADDR:PORT, ADDR being an IP address (IPv6 in brackets)", why);
}

/* It is part of every key, and written in commands by hand. */
static bool
check_prefix(const char *text, char *why)
{
	snprintf(why, CONFIG_WHY_MAX, "at most 64 characters without blanks, such as dpwatch:");
	return text_n_chars(slice_of(text)) <= 64 && !strpbrk(text, " \t");
}

/* RFC 3584 and net-snmp: an OCTET STRING of up to 255. */
static bool
check_community(const char *text, char *why)
{
	snprintf(why, CONFIG_WHY_MAX, "is too long; right is at most 255 bytes");
	return strlen(text) <= 255;
}

static bool
check_user(const char *text, char *why)
{
	struct usm_user user;

	_Static_assert(USM_USER_WHY_MAX <= CONFIG_WHY_MAX, "why has room for it");
	bool right = usm_user_parse(slice_of(text), &user, why);
	explicit_bzero(&user, sizeof(user));
	return right;
}

/* One word is the name of a `user`, which may stand below; more is a line of its own. */
static bool
check_poll_user(const char *text, char *why)
{
	return strpbrk(text, " \t") == NULL || check_user(text, why);
}

/* ROW: a key that is the name of its member; FIELD: one that is not. */
#define FIELD(section_, key_, member, type_, preset_, ...)                             \
	{                                                                              \
		.section = #section_, .key = #key_, .label = "[" #section_ "] " #key_, \
		.type = (type_), .at = offsetof(struct config, section_.member),       \
		.preset = (preset_), __VA_ARGS__                                       \
	}
#define ROW(section_, key_, type_, preset_, ...) \
	FIELD(section_, key_, key_, type_, preset_, __VA_ARGS__)
#define RANGE(low_, high_) .low = (low_), .high = (high_)
#define LIVE .restart = false
#define RESTART .restart = true

const struct config_row config_rows[] = {
	ROW(daemon, state_dir, CONFIG_TEXT, "/var/lib/dpwatch", RESTART),
	ROW(daemon, log_level, CONFIG_CHOICE, "info", .names = log_levels),
	ROW(daemon, log_target, CONFIG_CHOICE, "stderr", .names = log_targets, RESTART),

	ROW(snmp, listen, CONFIG_LIST, "udp:0.0.0.0:162", .check = check_snmp_listen, RESTART),
	ROW(snmp, community, CONFIG_LIST, "", .check = check_community, .secret = true),
	ROW(snmp, user, CONFIG_LINES, "", .check = check_user, .secret = true),
	ROW(snmp, trusted_relays, CONFIG_NETS, "", LIVE),
	ROW(snmp, receive_buffer, CONFIG_SIZE, "32MiB", RANGE(64 * KIB, 1 * GIB), RESTART),
	ROW(snmp, allow, CONFIG_NETS, "", LIVE),
	ROW(snmp, min_level, CONFIG_CHOICE, "noAuthNoPriv", .names = min_levels),
	FIELD(snmp, bucket, bucket_rate, CONFIG_BUCKET, "off", RANGE(1, 10000000)),
	ROW(snmp, poll_community, CONFIG_TEXT, "", .check = check_community, .secret = true),
	ROW(snmp, poll_user, CONFIG_TEXT, "", .check = check_poll_user, .secret = true),
	FIELD(snmp, poll_interval, poll_interval_ms, CONFIG_DURATION, "5min", RANGE(0, 7 * DAY)),
	FIELD(snmp, poll_verify, poll_verify_ms, CONFIG_DURATION, "off", RANGE(0, 1 * HOUR)),

	ROW(syslog, listen, CONFIG_LIST, "udp:0.0.0.0:514, tcp:0.0.0.0:514",
	    .check = check_syslog_listen, RESTART),
	ROW(syslog, tls_cert, CONFIG_TEXT, "", LIVE),
	ROW(syslog, tls_key, CONFIG_TEXT, "", LIVE),
	ROW(syslog, tls_ca, CONFIG_TEXT, "", LIVE),
	ROW(syslog, trusted_relays, CONFIG_NETS, "", LIVE),
	ROW(syslog, allow, CONFIG_NETS, "", LIVE),
	ROW(syslog, max_connections, CONFIG_NUMBER32, "512", RANGE(1, 65536)),
	ROW(syslog, max_message, CONFIG_SIZE, "8KiB", RANGE(480, 1 * MIB)),
	FIELD(syslog, idle_timeout, idle_timeout_ms, CONFIG_DURATION, "1d", RANGE(0, 30 * DAY)),
	ROW(syslog, rules_dir, CONFIG_LIST,
	    DPWATCH_PREFIX "/share/dpwatch/rules, " DPWATCH_SYSCONFDIR "/dpwatch/rules.d", LIVE),

	FIELD(redis, server, kind, CONFIG_SERVER, "embedded", RESTART),
	ROW(redis, username, CONFIG_TEXT, "", RESTART),
	ROW(redis, password_file, CONFIG_TEXT, "", RESTART),
	ROW(redis, database, CONFIG_NUMBER32, "0", RANGE(0, 65535), RESTART),
	ROW(redis, prefix, CONFIG_TEXT, "dpwatch:", .check = check_prefix, RESTART),
	ROW(redis, events_max_length, CONFIG_NUMBER64, "1000000",
	    RANGE(1, UINT64_C(1000000000000))),
	ROW(redis, journal_max, CONFIG_SIZE, "256MiB", RANGE(1 * MIB, 1024 * GIB)),

	FIELD(state, source_settle, source_settle_ms, CONFIG_DURATION, "2s", RANGE(0, 1 * MINUTE)),
	FIELD(state, echo_window, echo_window_ms, CONFIG_DURATION, "60s", RANGE(0, 1 * HOUR)),
	FIELD(state, down_delay, down_delay_ms, CONFIG_DURATION, "0", RANGE(0, 1 * HOUR)),
	FIELD(state, up_delay, up_delay_ms, CONFIG_DURATION, "0", RANGE(0, 1 * HOUR)),
	ROW(state, dampening, CONFIG_DAMPENING, "off", LIVE),
	ROW(state, admin_down, CONFIG_CHOICE, "down", .names = admin_downs),

	ROW(api, listen, CONFIG_LIST, "unix:/run/dpwatch/api.sock", .check = check_api_listen,
	    RESTART),
	ROW(api, token_file, CONFIG_TEXT, "", LIVE),
	ROW(api, anonymous, CONFIG_CHOICE, "off", .names = anonymous),
	ROW(api, max_body, CONFIG_SIZE, "64KiB", RANGE(1 * KIB, 64 * MIB)),
	ROW(api, tls_cert, CONFIG_TEXT, "", LIVE),
	ROW(api, tls_key, CONFIG_TEXT, "", LIVE),

	/* dpwatch-neutron reads its section at its start; a reload of the daemon has nothing to do with it. */
	ROW(neutron, parallel, CONFIG_NUMBER32, "16", RANGE(1, 256)),
	FIELD(neutron, reconcile_every, reconcile_every_ms, CONFIG_DURATION, "10min",
	    RANGE(0, 7 * DAY)),
	FIELD(neutron, take_over, take_over_ms, CONFIG_DURATION, "20s", RANGE(2000, 600000)),
	FIELD(neutron, import_every, import_every_ms, CONFIG_DURATION, "off", RANGE(0, 7 * DAY)),
	ROW(neutron, hosts_file, CONFIG_TEXT, "", LIVE),
	FIELD(neutron, max_down, max_down_percent, CONFIG_PERCENT, "20%", RANGE(1, 100)),
	ROW(neutron, ca, CONFIG_TEXT, "", LIVE),
	ROW(neutron, insecure, CONFIG_BOOL, "false", LIVE),
	ROW(neutron, metrics_listen, CONFIG_TEXT, "", .check = check_metrics_listen),
};
const size_t config_n_rows = sizeof(config_rows) / sizeof(config_rows[0]);
