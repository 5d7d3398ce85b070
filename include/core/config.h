/*
 * config: dpwatch.conf, read into one struct (core). design.md, "Configuration"; man page dpwatch.conf.5.
 *
 * INI: [section], key = value, whole-line comments with '#' or ';'. A list is comma separated or the key repeated. A
 * duration carries its unit (500ms, 2s, 5min, 2h, 7d; bare 0 is allowed); a size may (64KiB, 32MiB). Every key is a row of
 * one table (name, type, range, default, unit, reloadable). Unknown sections and keys are errors. Nothing is opened here:
 * bytes in, values out; file:PATH secrets are kept as they stand and read by the program.
 */
#ifndef DPWATCH_CORE_CONFIG_H
#define DPWATCH_CORE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/addr.h"
#include "util/slice.h"

/* A list of strings, each owned by the config. */
struct config_list {
	char **items;
	size_t n;
};

struct config_nets {
	struct addr_net *items;
	size_t n;
};

enum config_log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };
enum config_log_target { LOG_TARGET_STDERR, LOG_TARGET_SYSLOG, LOG_TARGET_JOURNAL };
enum config_admin_down { ADMIN_DOWN_IS_DOWN, ADMIN_DOWN_IGNORE };
enum config_anonymous { ANONYMOUS_OFF, ANONYMOUS_READ };
enum config_dampening { DAMPENING_OFF, DAMPENING_ON, DAMPENING_OBSERVE };
enum config_redis_kind { REDIS_EMBEDDED, REDIS_UNIX, REDIS_TCP };
enum config_min_level { MIN_LEVEL_NO_AUTH_NO_PRIV, MIN_LEVEL_AUTH_NO_PRIV, MIN_LEVEL_AUTH_PRIV };

struct config {
	struct {
		char *state_dir;
		enum config_log_level log_level;
		enum config_log_target log_target;
	} daemon;
	struct {
		struct config_list
		    listen; /* net-snmp transports, checked for form: udp:ADDR:PORT, udp6:[ADDR]:PORT, tcp:... */
		struct config_list
		    community; /* none by default: every v1 and v2c datagram is refused */
		struct config_list
		    user; /* each whole line as written: NAME SHA-256 "auth" AES "priv" [engine=0x...] */
		struct config_nets trusted_relays;
		struct config_nets allow; /* empty: everybody */
		uint64_t receive_buffer;  /* bytes */
		enum config_min_level min_level;
		uint32_t bucket_rate; /* link words per second and switch; 0: off */
		uint32_t bucket_burst;
		char *poll_community;     /* NULL: none */
		char *poll_user;          /* NULL: none */
		int64_t poll_interval_ms; /* 0: off */
		int64_t poll_verify_ms;   /* 0: off */
	} snmp;
	struct {
		struct config_list listen;         /* udp:, tcp:, tls: ADDR:PORT, unix:PATH */
		char *tls_cert, *tls_key, *tls_ca; /* NULL: none */
		struct config_nets trusted_relays;
		struct config_nets allow;
		uint32_t max_connections;
		uint64_t max_message;    /* bytes */
		int64_t idle_timeout_ms; /* 0: none */
		struct config_list rules_dir;
	} syslog;
	struct {
		enum config_redis_kind kind;
		char *path; /* unix:PATH; NULL otherwise */
		char *host; /* tcp:HOST:PORT; NULL otherwise */
		uint16_t port;
		char *username, *password_file; /* NULL: none */
		uint32_t database;
		char *prefix; /* "dpwatch:" */
		uint64_t events_max_length;
		uint64_t journal_max; /* bytes */
	} redis;
	struct {
		int64_t source_settle_ms, echo_window_ms, down_delay_ms, up_delay_ms;
		enum config_dampening dampening; /* off: the numbers are 5s 1000 2000 20s */
		int64_t dampening_half_life_ms, dampening_max_suppress_ms;
		uint32_t dampening_reuse, dampening_suppress;
		enum config_admin_down admin_down;
	} state;
	struct {
		struct config_list listen; /* unix:PATH, http:ADDR:PORT, https:ADDR:PORT */
		char *token_file;          /* NULL: none */
		enum config_anonymous anonymous;
		uint64_t max_body; /* bytes */
		char *tls_cert, *tls_key;
	} api;
	struct {
		uint32_t parallel;
		int64_t reconcile_every_ms,
		    import_every_ms;  /* 0: never (reconcile: at the start alone) */
		int64_t take_over_ms; /* silence of an instance before others do its work */
		char *hosts_file, *ca, *metrics_listen; /* NULL: none */
		uint32_t max_down_percent;
		bool insecure;
	} neutron;
};

/* The first fault, for people: "FILE:LINE: [section] key: what is wrong, and what would be right"; UTF-8, no control characters. */
struct config_fault {
	char text[320];
};

/*
 * Parses `bytes` (the file called `name`, which is only for messages). Returns 0 and a config to be released; or -EINVAL
 * with *ret_fault set; or -ENOMEM. On failure *ret_config is untouched.
 */
int config_parse(const char *name, struct slice bytes, struct config *ret_config,
    struct config_fault *ret_fault);

/* The defaults alone (an empty file). Returns 0 or -ENOMEM. */
int config_defaults(struct config *ret_config);

/* Frees what it holds and zeroes it; a zeroed one is fine. */
void config_release(struct config *config);

/* Room for the names of all keys that change only at a restart. */
#define CONFIG_KEYS_MAX 400

/*
 * Names the keys ("[section] key", with commas between) that differ between the two and can only change at a restart. Returns
 * how many there are. [neutron] is another program's: its keys never do.
 */
size_t config_needs_restart(
    const struct config *old, const struct config *now, char ret_keys[CONFIG_KEYS_MAX]);

/* Exchanges the values of such keys, so that `now` goes on with those that `old` runs with. */
void config_keep_running(struct config *old, struct config *now);

/* "udp:127.0.0.1:162" -> kind, host and port, as every listen line is read. False when it is not of that form. */
struct config_endpoint {
	char kind[8];      /* udp, udp6, tcp, tcp6, tls, unix, http, https */
	struct slice host; /* without brackets; for unix the whole path */
	uint16_t port;     /* 0 for unix */
};
/* ret_endpoint->host points into text. *ret_endpoint is untouched when it is none. A port is 1 to 65535. */
bool config_endpoint_parse(const char *text, struct config_endpoint *ret_endpoint);

/*
 * A duration with its unit ("500ms", "2s", "5min", "1.5h", "7d"; "0" needs none). False, and *ret_ms untouched, if it is not
 * one or beyond about 100 years. What is below a millisecond is cut.
 */
bool config_duration_parse(struct slice text, int64_t *ret_ms);

#endif
