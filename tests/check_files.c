#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/run_suite.h"
#include "util/files.h"

static char folder[32];

static void
make_folder(void)
{
	snprintf(folder, sizeof(folder), "/tmp/dpwatch-files.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void
remove_folder(void)
{
	char **paths;
	size_t n;

	ck_assert_int_eq(files_list(folder, "", &paths, &n), 0);
	for (size_t i = 0; i < n; i++)
		ck_assert_int_eq(remove(paths[i]), 0);
	files_list_free(paths, n);
	ck_assert_int_eq(rmdir(folder), 0);
}

static const char *
path_of(const char *name)
{
	static char path[96];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void
write_file(const char *name, const char *bytes, size_t len)
{
	FILE *file = fopen(path_of(name), "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(bytes, 1, len, file), len);
	fclose(file);
}

START_TEST(a_file_is_read_whole_with_its_nul_bytes)
{
	char *bytes;
	size_t len;

	write_file("a", "one\0two", 7);
	ck_assert_int_eq(files_read(path_of("a"), 7, &bytes, &len), 0);
	ck_assert_uint_eq(len, 7);
	ck_assert_mem_eq(bytes, "one\0two\0", 8);
	free(bytes);
	write_file("a", "", 0);
	ck_assert_int_eq(files_read(path_of("a"), 0, &bytes, &len), 0);
	ck_assert_uint_eq(len, 0);
	ck_assert_str_eq(bytes, "");
	free(bytes);
}
END_TEST

START_TEST(a_file_of_several_chunks_is_read_whole)
{
	static char big[300000];
	char *bytes;
	size_t len;

	memset(big, 'x', sizeof(big));
	write_file("a", big, sizeof(big));
	ck_assert_int_eq(files_read(path_of("a"), sizeof(big), &bytes, &len), 0);
	ck_assert_uint_eq(len, sizeof(big));
	ck_assert_mem_eq(bytes, big, sizeof(big));
	free(bytes);
}
END_TEST

START_TEST(what_cannot_be_read_says_why_and_leaves_the_outputs_alone)
{
	char *bytes = folder;
	size_t len = 99;

	write_file("a", "four", 4);
	ck_assert_int_eq(files_read(path_of("a"), 3, &bytes, &len), -EFBIG);
	ck_assert_int_eq(files_read(path_of("none"), 3, &bytes, &len), -ENOENT);
	ck_assert_int_eq(files_read(folder, 3, &bytes, &len), -EISDIR);
	ck_assert_ptr_eq(bytes, folder);
	ck_assert_uint_eq(len, 99);
}
END_TEST

START_TEST(a_folder_is_listed_in_the_order_of_its_names_without_hidden_ones)
{
	static const char *const names[] = { "b.rules", "a.rules", ".c.rules", "d.rules.bak",
		"B.rules", ".rules" };
	char **paths, wanted[96];
	size_t n;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		write_file(names[i], "", 0);
	ck_assert_int_eq(files_list(folder, ".rules", &paths, &n), 0);
	ck_assert_uint_eq(n, 3);
	snprintf(wanted, sizeof(wanted), "%s/B.rules", folder);
	ck_assert_str_eq(paths[0], wanted);
	snprintf(wanted, sizeof(wanted), "%s/a.rules", folder);
	ck_assert_str_eq(paths[1], wanted);
	snprintf(wanted, sizeof(wanted), "%s/b.rules", folder);
	ck_assert_str_eq(paths[2], wanted);
	files_list_free(paths, n);
	unlink(path_of(".c.rules"));
	unlink(path_of(".rules"));
	ck_assert_int_eq(files_list(path_of("none"), ".rules", &paths, &n), -ENOENT);
	ck_assert_int_eq(files_list(folder, ".other", &paths, &n), 0);
	ck_assert_uint_eq(n, 0);
	files_list_free(paths, n);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("files");

	tcase_add_checked_fixture(tc, make_folder, remove_folder);
	tcase_add_test(tc, a_file_is_read_whole_with_its_nul_bytes);
	tcase_add_test(tc, a_file_of_several_chunks_is_read_whole);
	tcase_add_test(tc, what_cannot_be_read_says_why_and_leaves_the_outputs_alone);
	tcase_add_test(tc, a_folder_is_listed_in_the_order_of_its_names_without_hidden_ones);
	return run_case("files", tc);
}
