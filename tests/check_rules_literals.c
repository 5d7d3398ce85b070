#include <check.h>
#include <string.h>

#include "core/rules_literals.h"
#include "lib/guard.h"
#include "lib/run_suite.h"

struct found {
	unsigned n[64];
	size_t last_end;
	const struct literal *list;
	struct slice text;
};

/* Every report must be true, and ends must not go back. */
static void
on_found(void *ctx, uint32_t id, size_t at)
{
	struct found *found = ctx;
	struct slice literal = slice_of(found->list[id].text);

	ck_assert_uint_le(at + literal.len, found->text.len);
	ck_assert(slice_eq(slice_first(slice_from(found->text, at), literal.len), literal));
	ck_assert_uint_ge(at + literal.len, found->last_end);
	found->last_end = at + literal.len;
	found->n[id]++;
}

static unsigned
count(struct slice text, struct slice literal)
{
	unsigned n = 0;

	for (size_t i = 0; i + literal.len <= text.len; i++)
		n += slice_eq(slice_first(slice_from(text, i), literal.len), literal);
	return n;
}

static void
compare(const struct literal *list, size_t n, struct slice text)
{
	struct literals literals;
	struct found found = { .list = list, .text = text };

	ck_assert_int_eq(literals_init(&literals, list, n), 0);
	literals_scan(&literals, text, on_found, &found);
	for (size_t i = 0; i < n; i++)
		ck_assert_uint_eq(found.n[i], count(text, slice_of(list[i].text)));
	literals_release(&literals);
}

START_TEST(literals_inside_and_behind_each_other_are_all_found)
{
	static const struct literal list[] = { { "she", 0 }, { "he", 1 }, { "hers", 2 },
		{ "his", 3 }, { "s", 4 }, { "ushers", 5 }, { "he", 6 } };

	compare(list, 7, SLICE("ushers and his hehe she"));
	compare(list, 7, SLICE(""));
	compare(list, 7, SLICE("xyz\0he\0\xFFhers"));
	compare(list, 0, SLICE("ushers"));
}
END_TEST

/* Words of two letters, so that they overlap in every way. The generator is fixed: a failure repeats. */
START_TEST(the_search_agrees_with_a_naive_one)
{
	uint32_t seed = 4711u + (uint32_t)_i;
	char words[32][8], text[300];
	struct literal list[32];

	for (int i = 0; i < 32; i++) {
		seed = seed * 1664525u + 1013904223u;
		size_t len = 1 + (seed >> 24) % 6;
		for (size_t k = 0; k < len; k++)
			words[i][k] = (char)('a' + ((seed >> (8 + k)) & 1));
		words[i][len] = '\0';
		list[i] = (struct literal){ words[i], (uint32_t)i };
	}
	for (size_t i = 0; i < sizeof(text); i++) {
		seed = seed * 1664525u + 1013904223u;
		text[i] = (char)('a' + (seed >> 28) % 3);
	}
	compare(list, 32, (struct slice){ text, sizeof(text) });
}
END_TEST

START_TEST(a_table_that_was_never_built_finds_nothing)
{
	struct literals literals = { 0 };

	literals_scan(&literals, SLICE("abc"), on_found, NULL);
	literals_release(&literals);
}
END_TEST

START_TEST(no_byte_behind_the_text_is_read)
{
	static const struct literal list[] = { { "abc", 0 } };
	struct guard guard;
	struct slice text = { guard_put(&guard, "xxab", 4), 4 };

	compare(list, 1, text);
	guard_release(&guard);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("rules_literals");

	tcase_add_test(tc, literals_inside_and_behind_each_other_are_all_found);
	tcase_add_loop_test(tc, the_search_agrees_with_a_naive_one, 0, 50);
	tcase_add_test(tc, a_table_that_was_never_built_finds_nothing);
	tcase_add_test(tc, no_byte_behind_the_text_is_read);

	return run_case("rules_literals", tc);
}
