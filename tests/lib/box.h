/*
 * box: the one sandbox of a test program (integration). State is static: each test program has its own.
 */
#ifndef DPWATCH_TESTS_LIB_BOX_H
#define DPWATCH_TESTS_LIB_BOX_H

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

static inline void
box_tear_down(void)
{
	sandbox_release(&box);
}

#endif
