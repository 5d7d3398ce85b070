/*
 * data_file: a file of the tree, whole. Tests run at its top.
 */
#ifndef DPWATCH_TESTS_LIB_DATA_FILE_H
#define DPWATCH_TESTS_LIB_DATA_FILE_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "util/slice.h"

#define DATA_FILE_MAX (1 << 20)

/* With a NUL behind it; the caller's. */
static inline char *
data_bytes(const char *path, size_t *ret_len)
{
	FILE *file = fopen(path, "re");
	char *bytes = malloc(DATA_FILE_MAX);

	ck_assert_msg(file != NULL, "cannot open %s", path);
	ck_assert_ptr_nonnull(bytes);
	*ret_len = fread(bytes, 1, DATA_FILE_MAX, file);
	ck_assert_uint_lt(*ret_len, DATA_FILE_MAX);
	fclose(file);
	bytes[*ret_len] = '\0';
	return bytes;
}

/* The caller frees the data of the slice. */
static inline struct slice
data_file(const char *path)
{
	size_t len;
	char *bytes = data_bytes(path, &len);

	return (struct slice){ bytes, len };
}

/* A file of text. The caller's. */
static inline char *
data_text(const char *path)
{
	size_t len;

	return data_bytes(path, &len);
}

#endif
