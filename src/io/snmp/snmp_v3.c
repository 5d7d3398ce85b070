/*
 * A message's way: header -> user -> keys (kept, or made once its digest is right) -> the library -> time window.
 */
#include "io/snmp_v3.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "core/allowances.h"
#include "io/snmp_v3_users.h"
#include "io/usm_library.h"
#include "io/usm_store.h"
#include "util/log.h"

/* How often the file of engines is looked after, and how often engine times alone are worth writing. */
#define SAVE_EVERY_MS 1000
#define SAVE_TIMES_EVERY 60

/*
 * What a source may ask of us without having proved anything, a second and at once: keys for an engine that nobody knows, and
 * Reports. Keys that prove right are given back, so that a whole network behind one address may be new at once; a stranger's
 * never do.
 */
#define LOOKUPS_RATE 64
#define LOOKUPS_BURST 512
#define REPORTS_RATE 256
#define REPORTS_BURST 8192

struct snmp_v3 {
	struct stats *stats;
	struct snmp_v3_users users;
	struct usm_engines *engines;
	char state_dir[PATH_MAX];
	bool open; /* our engine lives */
	struct usm_identity identity;
	struct allowances lookups, reports;
	struct loop_timer *save;
	uint64_t saved_changes;
	unsigned ticks;
	bool heard; /* since the file was written */
	uint64_t evicted;
	struct log_rate engine_rate, save_rate;
};

static struct slice
own_id(const struct snmp_v3 *v3)
{
	return (struct slice){ (const char *)v3->identity.id, v3->identity.id_len };
}

/* ---- users ---- */

int
snmp_v3_check(const struct config *config, char *error, size_t error_size)
{
	return snmp_v3_users_check(&config->snmp.user, error, error_size);
}

/* ---- one message ---- */

bool
snmp_v3_may_report(struct snmp_v3 *v3, const struct addr *from, int64_t now_ns)
{
	return allowance_take(allowances_of(&v3->reports, from, now_ns));
}

/* Makes the keys for an engine of a switch, if the digest is right with them. */
static enum stats_counter
make_engine_keys(struct snmp_v3 *v3, struct slice datagram, const struct addr *from, int64_t now_ns,
    struct snmp_v3_pass *pass)
{
	const struct usm_engine *engine = usm_engines_find(v3->engines, pass->header.engine_id);
	const struct snmp_v3_user *user = pass->user;
	const bool known = engine && usm_engine_has_user(engine, user->conf.name);
	struct allowance *allowance = known ? NULL : allowances_of(&v3->lookups, from, now_ns);

	if (allowance && !allowance_take(allowance))
		return STAT_TRAP_V3_LIMITED;
	if (!usm_localize_auth(&user->master, pass->header.engine_id, &pass->keys) ||
	    !usm_is_authentic(&user->master, &pass->keys, datagram, pass->header.auth))
		return STAT_TRAP_V3_WRONG_DIGEST;
	if (allowance)
		allowance_give_back(allowance);
	if (!usm_localize_priv(&user->master, pass->header.engine_id, &pass->keys))
		return STAT_TRAP_V3_NOT_DECRYPTED;
	pass->authentic_before = true;
	return STAT_MAX;
}

/* The keys for the message, and its user presented to the library. */
static enum stats_counter
present(struct snmp_v3 *v3, struct slice datagram, const struct addr *from, int64_t now_ns,
    struct snmp_v3_pass *pass)
{
	const struct snmp_v3_user *user = pass->user;
	const struct usm_keys *keys = NULL;

	if (pass->header.flags & USM_FLAG_AUTH) {
		const struct usm_engine *engine =
		    pass->own ? NULL : usm_engines_find(v3->engines, pass->header.engine_id);
		if (pass->own)
			keys = &user->own_keys;
		else if (engine)
			keys = usm_engine_keys(engine, user->conf.name);
		if (!keys) {
			enum stats_counter refused =
			    make_engine_keys(v3, datagram, from, now_ns, pass);
			if (refused != STAT_MAX)
				return refused;
			keys = &pass->keys;
		}
	}
	usm_present(user->conf.name, &user->master, pass->header.engine_id, keys);
	return STAT_MAX;
}

/* Whether the user can do what the message asks for, and must do no less. STAT_MAX: so it is. */
static enum stats_counter
check_level(const struct snmp_v3_user *user, uint8_t flags)
{
	if ((flags & USM_FLAG_AUTH) == 0)
		return user->conf.auth == USM_AUTH_NONE ? STAT_MAX : STAT_TRAP_LOW_LEVEL;
	if (user->conf.auth == USM_AUTH_NONE ||
	    ((flags & USM_FLAG_PRIV) && user->conf.priv == USM_PRIV_NONE))
		return STAT_TRAP_V3_UNSUPPORTED_LEVEL;
	return STAT_MAX;
}

enum stats_counter
snmp_v3_enter(struct snmp_v3 *v3, struct slice datagram, const struct addr *from, int64_t now_ns,
    struct snmp_v3_pass *ret_pass)
{
	struct snmp_v3_pass *pass = ret_pass;

	*pass = (struct snmp_v3_pass){ .user = NULL };
	if (!usm_header_read(datagram, &pass->header))
		return STAT_TRAP_MALFORMED;
	if (pass->header.security_model != USM_MODEL)
		return STAT_TRAP_BAD_VERSION;
	bool reportable = (pass->header.flags & USM_FLAG_REPORTABLE) != 0;
	pass->own = slice_eq(pass->header.engine_id, own_id(v3));
	/* RFC 3414 3.2, 3: who may be answered and does not know us is told our engine. No key is touched. */
	if (reportable && !pass->own) {
		usm_know_ourselves();
		return STAT_MAX;
	}
	if (pass->header.engine_id.len < USM_ENGINE_ID_MIN)
		return STAT_TRAP_V3_UNKNOWN_ENGINE;
	if (pass->own)
		usm_know_ourselves();
	pass->user = snmp_v3_users_find(&v3->users, pass->header.user, pass->header.engine_id);
	if (!pass->user) /* RFC 3414 3.2, 4 */
		return reportable ? STAT_MAX : STAT_TRAP_V3_UNKNOWN_USER;
	enum stats_counter refused = check_level(pass->user, pass->header.flags);
	if (refused == STAT_TRAP_V3_UNSUPPORTED_LEVEL && reportable) { /* RFC 3414 3.2, 5 */
		usm_present(pass->user->conf.name, &pass->user->master, pass->header.engine_id,
		    &pass->user->own_keys);
		return STAT_MAX;
	}
	return refused != STAT_MAX ? refused : present(v3, datagram, from, now_ns, pass);
}

void
snmp_v3_leave(struct snmp_v3 *v3, struct snmp_v3_pass *pass)
{
	(void)v3;
	usm_withdraw(pass->own ? (struct slice){ NULL, 0 } : pass->header.engine_id);
	explicit_bzero(&pass->keys, sizeof(pass->keys));
}

/* ---- engines of switches ---- */

static void
say_engine(struct snmp_v3 *v3, const struct usm_engine *engine, const char *what)
{
	char id[USM_ENGINE_TEXT], address[ADDR_TEXT_MAX];
	uint64_t held_back;

	if (!log_rate_take(&v3->engine_rate, &held_back))
		return;
	log_info("snmp: engine %s at %s: %s", usm_engine_id_format(engine->id, engine->id_len, id),
	    addr_format(&engine->from, address), what);
	if (held_back > 0)
		log_info("snmp: %llu lines about engines before it were held back",
		    (unsigned long long)held_back);
}

static void
count_evictions(struct snmp_v3 *v3)
{
	uint64_t evicted = usm_engines_evicted(v3->engines);

	stats_add(v3->stats, STAT_TRAP_V3_EVICTED, evicted - v3->evicted);
	v3->evicted = evicted;
}

static struct usm_engine *
engine_of(struct snmp_v3 *v3, const struct snmp_v3_pass *pass, const struct addr *from)
{
	struct usm_engine *engine = usm_engines_find(v3->engines, pass->header.engine_id);

	if (!engine) {
		engine = usm_engines_add(v3->engines, pass->header.engine_id);
		count_evictions(v3);
		engine->from = *from;
		say_engine(v3, engine, "its first authentic message");
	}
	if (pass->authentic_before)
		usm_engine_keep_keys(v3->engines, engine, pass->user->conf.name, &pass->keys);
	return engine;
}

enum stats_counter
snmp_v3_accept(struct snmp_v3 *v3, const struct snmp_v3_pass *pass, int level,
    const struct addr *from, const struct engine_time *time)
{
	if (!pass->user)
		return STAT_TRAP_V3_UNKNOWN_USER;
	if (level == 0 || pass->own)
		return STAT_MAX;
	struct usm_engine *engine = engine_of(v3, pass, from);
	bool was_timely = engine->problem == USM_TIMELY;
	enum usm_timeliness timeliness = usm_engines_hear(
	    v3->engines, engine, pass->header.boots, pass->header.time, time->now_ns);
	if (timeliness != USM_TIMELY) {
		if (was_timely)
			say_engine(v3, engine, usm_timeliness_names[timeliness]);
		return STAT_TRAP_V3_NOT_IN_TIME;
	}
	engine->heard_us = time->wall_us;
	engine->from = *from;
	engine->level = level;
	slice_copy(slice_of(pass->user->conf.name), engine->user, sizeof(engine->user));
	v3->heard = true;
	return STAT_MAX;
}

/* ---- life ---- */

static void
save(struct snmp_v3 *v3)
{
	uint64_t held_back;
	int error = usm_store_write(v3->state_dir, v3->engines);

	if (error != 0 && log_rate_take(&v3->save_rate, &held_back))
		log_error("snmp: cannot keep the known engines in %s: %s", v3->state_dir,
		    strerror(-error));
	v3->saved_changes = usm_engines_changes(v3->engines);
	v3->heard = false;
}

static void
on_save(void *ctx)
{
	struct snmp_v3 *v3 = ctx;

	v3->ticks++;
	if (usm_engines_changes(v3->engines) != v3->saved_changes ||
	    (v3->heard && v3->ticks % SAVE_TIMES_EVERY == 0))
		save(v3);
	loop_timer_arm(v3->save, SAVE_EVERY_MS);
}

struct snmp_v3 *
snmp_v3_new(struct loop *loop, const struct config *config, struct stats *stats)
{
	struct snmp_v3 *v3 = calloc(1, sizeof(*v3));
	uint64_t seed;

	if (!v3)
		return NULL;
	v3->stats = stats;
	slice_copy(slice_of(config->daemon.state_dir), v3->state_dir, sizeof(v3->state_dir));
	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) < 0)
		seed = 0;
	allowances_init(&v3->lookups, LOOKUPS_RATE, LOOKUPS_BURST, seed);
	allowances_init(&v3->reports, REPORTS_RATE, REPORTS_BURST, seed);
	v3->engine_rate = (struct log_rate){ .interval_ms = 10000, .burst = 5 };
	v3->save_rate = (struct log_rate){ .interval_ms = 60000, .burst = 1 };
	v3->engines = usm_engines_new(USM_ENGINES_MAX, seed);
	v3->save = loop_timer_new(loop, on_save, v3);
	if (!v3->engines || !v3->save) {
		snmp_v3_free(v3);
		return NULL;
	}
	return v3;
}

void
snmp_v3_free(struct snmp_v3 *v3)
{
	if (!v3)
		return;
	if (v3->open)
		save(v3);
	loop_timer_free(v3->save);
	usm_engines_free(v3->engines);
	snmp_v3_users_release(&v3->users);
	free(v3);
}

/* Our engine begins a life. */
static int
open_engine(struct snmp_v3 *v3, char *error, size_t error_size)
{
	char id[USM_ENGINE_TEXT];

	if (usm_store_begin(v3->state_dir, &v3->identity, error, error_size) != 0)
		return -1;
	if (!usm_library_open(own_id(v3), v3->identity.boots)) {
		snprintf(error, error_size, "out of memory");
		return -1;
	}
	usm_store_read(v3->state_dir, v3->engines);
	v3->saved_changes = usm_engines_changes(v3->engines);
	v3->open = true;
	loop_timer_arm(v3->save, SAVE_EVERY_MS);
	log_info("snmp: our engine is %s, boots %u",
	    usm_engine_id_format(v3->identity.id, v3->identity.id_len, id), v3->identity.boots);
	return 0;
}

int
snmp_v3_configure(struct snmp_v3 *v3, const struct config *config, char *error, size_t error_size)
{
	struct snmp_v3_users users;

	if (config->snmp.user.n > 0 && !v3->open && open_engine(v3, error, error_size) != 0)
		return -1;
	if (snmp_v3_users_make(&config->snmp.user, own_id(v3), &users, error, error_size) != 0)
		return -1;
	snmp_v3_users_release(&v3->users);
	v3->users = users;
	usm_engines_drop_keys(v3->engines);
	return 0;
}

bool
snmp_v3_has_users(const struct snmp_v3 *v3)
{
	return v3->users.n > 0;
}

struct usm_engines *
snmp_v3_engines(const struct snmp_v3 *v3)
{
	return v3->engines;
}
