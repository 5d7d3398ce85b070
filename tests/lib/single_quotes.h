/*
 * single_quotes: JSON in a C string reads better with ' for "; this makes the real thing of it.
 */
#ifndef DPWATCH_TESTS_LIB_SINGLE_QUOTES_H
#define DPWATCH_TESTS_LIB_SINGLE_QUOTES_H

#include <stdlib.h>
#include <string.h>

/* A copy, to be freed, with " for each '. Aborts when out of memory. */
static inline char *
json_text(const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		abort();
	for (char *at = copy; *at; at++)
		if (*at == '\'')
			*at = '"';
	return copy;
}

#endif
