/*
 * page: whether a manual page has what a test has seen (integration). Tests run at the top of the tree.
 */
#ifndef DPWATCH_TESTS_LIB_PAGE_H
#define DPWATCH_TESTS_LIB_PAGE_H

#include <jansson.h>
#include <stdbool.h>
#include <string.h>

#include "lib/data_file.h"

/* The mdoc source of a page has the name as a word of its own, or of an example. */
static inline bool
page_has(const char *page, const char *name)
{
	const size_t len = strlen(name);

	for (const char *at = page; (at = strstr(at, name)); at += len)
		if (strchr(" (\n\"", at[-1]) && strchr(" ,)\n\"", at[len]))
			return true;
	return false;
}

/* ... and each member of a JSON value, at every depth; not of those objects in which `closed` says that names are not fixed. */
static inline void
page_has_members(
    const char *page, const json_t *json, bool (*closed)(const char *name), const char *of)
{
	const char *name;
	const json_t *item;
	size_t i;

	json_array_foreach((json_t *)json, i, item) page_has_members(page, item, closed, of);
	json_object_foreach((json_t *)json, name, item)
	{
		ck_assert_msg(page_has(page, name), "%s: the page has no %s", of, name);
		if (!closed(name))
			page_has_members(page, item, closed, of);
	}
}

#endif
