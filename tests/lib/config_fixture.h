/*
 * config_fixture: a configuration that is read anew in each test. State is static: each test program has its own.
 */
#ifndef DPWATCH_TESTS_LIB_CONFIG_FIXTURE_H
#define DPWATCH_TESTS_LIB_CONFIG_FIXTURE_H

#include "core/config.h"

static struct config config;
static struct config_fault fault;

static inline void
setup(void)
{
	config = (struct config){ 0 };
	fault = (struct config_fault){ "" };
}

static inline void
teardown(void)
{
	config_release(&config);
}

#endif
