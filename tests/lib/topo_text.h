/*
 * topo_text: a map that a test writes down, as a snapshot.
 */
#ifndef DPWATCH_TESTS_LIB_TOPO_TEXT_H
#define DPWATCH_TESTS_LIB_TOPO_TEXT_H

#include <check.h>
#include <stdlib.h>

#include "core/topo_codec.h"
#include "lib/single_quotes.h"

/* A topology document with ' for ", which must be good. The caller's (topo_free). */
static inline struct topo *
topo_of_text(const char *document)
{
	struct topo_faults faults = { 0 };
	struct topo *topo = NULL;
	char *text = json_text(document);
	int r = topo_from_text(slice_of(text), &topo, &faults);

	ck_assert_msg(r == 0, "%s: %s", faults.n ? faults.items[0].path : "",
	    faults.n ? faults.items[0].reason : "");
	topo_faults_release(&faults);
	free(text);
	return topo;
}

#endif
