/*
 * box: the one sandbox of a test program (integration). State is static: each test program has its own.
 */
#ifndef DPWATCH_TESTS_LIB_BOX_H
#define DPWATCH_TESTS_LIB_BOX_H

#include <stdio.h>

#include "lib/redis_client.h"
#include "lib/sandbox.h"

static struct sandbox box;

static inline void
box_set_up(void)
{
	sandbox_begin(&box);
}

/* With a Redis that is not the daemon's child. */
static inline void
box_set_up_external(void)
{
	sandbox_begin_external(&box);
}

/* The same, with room for 1 MiB in journal and outbox. No map is loaded. */
static inline void
box_set_up_bounded(void)
{
	char lines[SANDBOX_PATH + 48];

	sandbox_init(&box);
	snprintf(lines, sizeof(lines), "server = unix:%s\njournal_max = 1MiB", box.redis);
	sandbox_configure(&box, &(struct sandbox_lines){ .redis = lines });
	sandbox_redis_start(&box, NULL, NULL);
	sandbox_start_ready(&box);
}

/* An INFORM was answered: the toggles are in Redis; or that was slow, the journal has them, and Redis gets them. */
static inline void
box_expect_stored(json_int_t n_toggles)
{
	if (sandbox_counter(&box, "redis.slow") > 0)
		WAIT_FOR(redis_events(box.redis) == n_toggles);
	ck_assert_int_eq(redis_events(box.redis), n_toggles);
}

static inline void
box_tear_down(void)
{
	sandbox_release(&box);
}

#endif
