/*
 * builder_fixture: a builder of a topology, and room for what comes of it. Functions and state are static: each test program
 * has its own.
 */
#ifndef DPWATCH_TESTS_LIB_BUILDER_FIXTURE_H
#define DPWATCH_TESTS_LIB_BUILDER_FIXTURE_H

#include <check.h>
#include <stdlib.h>

#include "core/topo_codec.h"
#include "lib/single_quotes.h"

static struct topo_faults faults;
static struct topo_builder *builder;
static struct topo *topo;

static inline void
setup(void)
{
	faults = (struct topo_faults){ 0 };
	builder = topo_builder_new();
	topo = NULL;
	ck_assert_ptr_nonnull(builder);
}

static inline void
teardown(void)
{
	topo_faults_release(&faults);
	topo_builder_free(builder);
	topo_free(topo);
}

static inline void
add(enum topo_kind kind, const char *key, const char *single_quoted)
{
	char *text = json_text(single_quoted);

	topo_builder_add_text(builder, kind, key, slice_of(text));
	free(text);
}

#endif
