/*
 * neutron_case: the one neutron_box of a test program (integration). State is static: each test program has its own.
 */
#ifndef DPWATCH_TESTS_LIB_NEUTRON_CASE_H
#define DPWATCH_TESTS_LIB_NEUTRON_CASE_H

#include "lib/neutron_box.h"

static struct neutron_box box;

/* A few ports, which may all go down at once. */
static inline void
neutron_case_set_up(void)
{
	neutron_box_begin(&box, 3, 2, NO_BRAKE);
}

static inline void
neutron_case_tear_down(void)
{
	neutron_box_end(&box);
}

#endif
