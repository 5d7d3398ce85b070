/*
 * data_file: a file under tests/data, whole. Tests run at the top of the tree.
 */
#ifndef DPWATCH_TESTS_LIB_DATA_FILE_H
#define DPWATCH_TESTS_LIB_DATA_FILE_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "util/slice.h"

#define DATA_FILE_MAX (1 << 20)

/* The caller frees the data of the slice. */
static inline struct slice
data_file(const char *path)
{
	FILE *file = fopen(path, "re");
	char *bytes = malloc(DATA_FILE_MAX);

	ck_assert_msg(file != NULL, "cannot open %s", path);
	ck_assert_ptr_nonnull(bytes);
	size_t len = fread(bytes, 1, DATA_FILE_MAX, file);
	ck_assert_uint_lt(len, DATA_FILE_MAX);
	fclose(file);
	return (struct slice){ bytes, len };
}

#endif
