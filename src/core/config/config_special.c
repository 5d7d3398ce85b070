/*
 * config_special: values that fill more than one member of struct config.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/config_table.h"

/* ---- [redis] server ---- */

static int
set_server_path(struct config *config, struct slice path)
{
	char *bytes = slice_dup(path);

	if (!bytes)
		return -ENOMEM;
	free(config->redis.path);
	config->redis.path = bytes;
	config->redis.kind = REDIS_UNIX;
	return 0;
}

static int
set_server_host(struct config *config, const struct config_endpoint *endpoint)
{
	char *bytes = slice_dup(endpoint->host);

	if (!bytes)
		return -ENOMEM;
	free(config->redis.host);
	config->redis.host = bytes;
	config->redis.port = endpoint->port;
	config->redis.kind = REDIS_TCP;
	return 0;
}

static int
set_server(const struct config_row *row, struct slice text, struct config *config, char *why)
{
	struct config_endpoint endpoint;
	char *bytes;

	(void)row;
	if (slice_eq_str(text, "embedded")) {
		config->redis.kind = REDIS_EMBEDDED;
		return 0;
	}
	bytes = slice_dup(text);
	if (!bytes)
		return -ENOMEM;
	int r = -EINVAL;
	if (config_endpoint_parse(bytes, &endpoint) && strcmp(endpoint.kind, "unix") == 0)
		r = set_server_path(config, endpoint.host);
	else if (config_endpoint_parse(bytes, &endpoint) && strcmp(endpoint.kind, "tcp") == 0)
		r = set_server_host(config, &endpoint);
	free(bytes);
	if (r == -EINVAL)
		return config_wrong(why, text, "embedded, unix:PATH or tcp:HOST:PORT");
	return r;
}

static void
clear_server(const struct config_row *row, struct config *config)
{
	(void)row;
	free(config->redis.path);
	free(config->redis.host);
	config->redis.path = config->redis.host = NULL;
}

static bool
eq_server(const struct config_row *row, const struct config *a, const struct config *b)
{
	(void)row;
	return a->redis.kind == b->redis.kind && config_text_eq(a->redis.path, b->redis.path) &&
	       config_text_eq(a->redis.host, b->redis.host) && a->redis.port == b->redis.port;
}

const struct config_type_ops config_server_ops = { set_server, eq_server, clear_server,
	CONFIG_SPAN(redis.kind, redis.port) };

/* ---- [snmp] bucket ---- */

/* Blank-separated words; returns how many there are, of which the first max are in ret_words. */
static size_t
split_words(struct slice text, struct slice *ret_words, size_t max)
{
	size_t n = 0;

	for (text = slice_trim(text); text.len > 0; text = slice_trim(text)) {
		size_t len = 0;
		while (len < text.len && text.data[len] != ' ' && text.data[len] != '\t')
			len++;
		if (n < max)
			ret_words[n] = slice_first(text, len);
		n++;
		text = slice_from(text, len);
	}
	return n;
}

static int
set_bucket(const struct config_row *row, struct slice text, struct config *config, char *why)
{
	struct slice words[2];
	unsigned long long rate = 0, burst = 0;

	if (!slice_eq_str(text, "off") &&
	    (split_words(text, words, 2) != 2 || !slice_to_uint(words[0], row->high, &rate) ||
		!slice_to_uint(words[1], row->high, &burst) || rate < row->low || burst < rate))
		return config_wrong(why, text,
		    "off, or RATE BURST: words per second, and at once (not below RATE), up to %llu",
		    (unsigned long long)row->high);
	config->snmp.bucket_rate = (uint32_t)rate;
	config->snmp.bucket_burst = (uint32_t)burst;
	return 0;
}

static bool
eq_bucket(const struct config_row *row, const struct config *a, const struct config *b)
{
	(void)row;
	return a->snmp.bucket_rate == b->snmp.bucket_rate &&
	       a->snmp.bucket_burst == b->snmp.bucket_burst;
}

const struct config_type_ops config_bucket_ops = { set_bucket, eq_bucket, NULL,
	CONFIG_SPAN(snmp.bucket_rate, snmp.bucket_burst) };

/* ---- [state] dampening ---- */

/* The four numbers of IP event dampening. */
struct dampening {
	int64_t half_life_ms, max_suppress_ms;
	unsigned long long reuse, suppress;
};
#define DAMPENING_USUAL ((struct dampening){ 5000, 20000, 1000, 2000 })
#define PENALTY_MAX 1000000
#define DAMPENING_MAX_MS INT64_C(3600000)

static bool
dampening_parse(const struct slice words[4], struct dampening *ret_numbers)
{
	return config_duration_parse(words[0], &ret_numbers->half_life_ms) &&
	       slice_to_uint(words[1], PENALTY_MAX, &ret_numbers->reuse) &&
	       slice_to_uint(words[2], PENALTY_MAX, &ret_numbers->suppress) &&
	       config_duration_parse(words[3], &ret_numbers->max_suppress_ms) &&
	       ret_numbers->half_life_ms > 0 && ret_numbers->max_suppress_ms > 0 &&
	       ret_numbers->half_life_ms <= DAMPENING_MAX_MS &&
	       ret_numbers->max_suppress_ms <= DAMPENING_MAX_MS && ret_numbers->reuse > 0 &&
	       ret_numbers->suppress > ret_numbers->reuse;
}

/*
 * The penalty never exceeds what decays to `reuse` in max_suppress: reuse * 2^(max_suppress / half_life). Where that does not
 * lie above `suppress`, nothing would ever be suppressed.
 */
static bool
can_suppress(const struct dampening *numbers)
{
	const double halvings = (double)numbers->max_suppress_ms / (double)numbers->half_life_ms;

	return (double)numbers->reuse * exp2(halvings) > (double)numbers->suppress;
}

static int
set_dampening(const struct config_row *row, struct slice text, struct config *config, char *why)
{
	struct slice words[5];
	struct dampening numbers = DAMPENING_USUAL;
	size_t n = split_words(text, words, 5);
	bool observe = n == 5 && slice_eq_str(words[0], "observe");
	bool off = slice_eq_str(text, "off");

	(void)row;
	if (!off && ((n != 4 && !observe) || !dampening_parse(words + (observe ? 1 : 0), &numbers)))
		return config_wrong(why, text,
		    "off, or [observe] HALF-LIFE REUSE SUPPRESS MAX, such as 5s 1000 2000 20s (times up to 1h, "
		    "SUPPRESS above REUSE)");
	if (!can_suppress(&numbers))
		return config_wrong(
		    why, text, "a MAX in which REUSE can double to more than SUPPRESS");
	config->state.dampening = off ? DAMPENING_OFF : observe ? DAMPENING_OBSERVE : DAMPENING_ON;
	config->state.dampening_half_life_ms = numbers.half_life_ms;
	config->state.dampening_max_suppress_ms = numbers.max_suppress_ms;
	config->state.dampening_reuse = (uint32_t)numbers.reuse;
	config->state.dampening_suppress = (uint32_t)numbers.suppress;
	return 0;
}

static bool
eq_dampening(const struct config_row *row, const struct config *a, const struct config *b)
{
	(void)row;
	return a->state.dampening == b->state.dampening &&
	       a->state.dampening_half_life_ms == b->state.dampening_half_life_ms &&
	       a->state.dampening_max_suppress_ms == b->state.dampening_max_suppress_ms &&
	       a->state.dampening_reuse == b->state.dampening_reuse &&
	       a->state.dampening_suppress == b->state.dampening_suppress;
}

const struct config_type_ops config_dampening_ops = { set_dampening, eq_dampening, NULL,
	CONFIG_SPAN(state.dampening, state.dampening_suppress) };
