#include "io/poll_agent.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "io/usm_library.h"
#include "util/htab.h"

void
poll_agent_forget(struct poll_agent *agent)
{
	explicit_bzero(agent, sizeof(*agent));
}

struct slice
poll_agent_engine(const struct poll_agent *agent)
{
	return (struct slice){ (const char *)agent->engine_id, agent->engine_id_len };
}

void
poll_agent_meet(
    struct poll_agent *agent, struct slice engine_id, uint32_t boots, uint32_t time, int64_t now_ns)
{
	if (engine_id.len > sizeof(agent->engine_id))
		return;
	if (!slice_eq(poll_agent_engine(agent), engine_id)) {
		poll_agent_forget(agent);
		memcpy(agent->engine_id, engine_id.data, engine_id.len);
		agent->engine_id_len = engine_id.len;
	}
	agent->boots = boots;
	agent->time = time;
	agent->at_ns = now_ns;
}

bool
poll_agent_hear(struct poll_agent *agent, uint32_t boots, uint32_t time, int64_t now_ns)
{
	const bool booted = agent->has_boots && boots != agent->heard_boots;

	agent->boots = agent->heard_boots = boots;
	agent->has_boots = true;
	agent->time = time;
	agent->at_ns = now_ns;
	return booted;
}

uint32_t
poll_agent_time(const struct poll_agent *agent, int64_t now_ns)
{
	return agent->time + (uint32_t)((now_ns - agent->at_ns) / 1000000000);
}

/* ---- keys ---- */

/* Switches with a password of their own each cost what they cost; a few for all of them are made once. */
#define MASTERS 16

struct poll_keys {
	uint64_t seed;
	uint64_t turn;
	struct {
		uint64_t of; /* 0: free */
		uint64_t used;
		struct usm_master master;
	} masters[MASTERS];
};

struct poll_keys *
poll_keys_new(void)
{
	struct poll_keys *keys = calloc(1, sizeof(*keys));

	if (keys && getrandom(&keys->seed, sizeof(keys->seed), GRND_NONBLOCK) < 0)
		keys->seed = 0;
	return keys;
}

void
poll_keys_free(struct poll_keys *keys)
{
	if (keys)
		explicit_bzero(keys, sizeof(*keys));
	free(keys);
}

/* By what two users' passwords are told apart; never 0. */
static uint64_t
hash_user(const struct poll_keys *keys, const struct usm_user *user)
{
	uint64_t hash = hash_bytes(&user->auth, sizeof(user->auth), keys->seed);

	hash = hash_bytes(&user->priv, sizeof(user->priv), hash);
	hash = hash_bytes(user->auth_secret.text, strlen(user->auth_secret.text) + 1, hash);
	hash = hash_bytes(user->priv_secret.text, strlen(user->priv_secret.text) + 1, hash);
	return hash == 0 ? 1 : hash;
}

/* NULL: the library fails. */
static const struct usm_master *
master_of(struct poll_keys *keys, const struct usm_user *user, uint64_t of)
{
	size_t oldest = 0;

	for (size_t i = 0; i < MASTERS; i++) {
		if (keys->masters[i].of == of) {
			keys->masters[i].used = ++keys->turn;
			return &keys->masters[i].master;
		}
		if (keys->masters[i].used < keys->masters[oldest].used)
			oldest = i;
	}
	keys->masters[oldest].of = 0;
	if (!usm_master_make(user->auth, user->auth_secret.text, user->priv, user->priv_secret.text,
		&keys->masters[oldest].master))
		return NULL;
	keys->masters[oldest].of = of;
	keys->masters[oldest].used = ++keys->turn;
	return &keys->masters[oldest].master;
}

bool
poll_keys_provide(struct poll_keys *keys, const struct usm_user *user, struct poll_agent *agent)
{
	const uint64_t of = hash_user(keys, user);

	if (agent->keys_of == of)
		return true;
	agent->keys_of = 0;
	explicit_bzero(&agent->keys, sizeof(agent->keys));
	if (user->auth != USM_AUTH_NONE) {
		const struct usm_master *master = master_of(keys, user, of);
		if (!master || !usm_localize_auth(master, poll_agent_engine(agent), &agent->keys) ||
		    !usm_localize_priv(master, poll_agent_engine(agent), &agent->keys))
			return false;
	}
	agent->keys_of = of;
	return true;
}
