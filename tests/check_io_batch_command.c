/* batch_command: what is written is what Redis reads, by hiredis' own reader of the same protocol. */
#include <check.h>
#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <string.h>

#include "io/batch_command.h"
#include "lib/changes.h"
#include "lib/run_suite.h"

#define SHA "0123456789abcdef0123456789abcdef01234567"

static struct outbox_batch batch;
static struct batch_command command;

static void
set_up(void)
{
	batch = (struct outbox_batch){ .number = 41, .moment_ms = 1700000000000 };
	batch_command_init(&command, "{site-a}:", "host/1", 1000000);
}

static void
tear_down(void)
{
	arg_buf_release(&batch.args);
	arg_buf_release(&batch.keys);
	batch_command_release(&command);
}

/* The arguments of the one command that was made. Freed by the caller. */
static redisReply *
read_command(void)
{
	redisReader *reader = redisReaderCreate();
	void *reply = NULL, *more = NULL;

	ck_assert_int_eq(redisReaderFeed(reader, command.text, command.len), REDIS_OK);
	ck_assert_int_eq(redisReaderGetReply(reader, &reply), REDIS_OK);
	ck_assert_msg(reply != NULL, "%s", reader->errstr);
	ck_assert_int_eq(redisReaderGetReply(reader, &more), REDIS_OK);
	ck_assert_msg(more == NULL, "there is something behind the command");
	redisReaderFree(reader);
	return reply;
}

static void
expect(const redisReply *arg, const void *bytes, size_t len)
{
	ck_assert_int_eq(arg->type, REDIS_REPLY_STRING);
	ck_assert_uint_eq(arg->len, len);
	ck_assert_mem_eq(arg->str, bytes, len);
}

/* Its arguments from `first` on: these texts and behind them the batch's records, packed; then the states of these. */
static void
expect_head_and_records(const redisReply *args, size_t first, const char *const *wanted)
{
	struct change_pack pack = { .n_states = 0 };

	for (; *wanted; wanted++)
		ck_assert_int_eq(arg_buf_add(&pack.records, slice_of(*wanted)), 0);
	ck_assert_int_eq(change_pack(&pack, &batch.args), 0);
	ck_assert_uint_eq(args->elements, first + 1 + pack.n_states);
	expect(args->element[first], pack.records.data, pack.records.len);
	for (size_t i = 0; i < pack.n_states; i++)
		expect(args->element[first + 1 + i], pack.states[i].data, pack.states[i].len);
	change_pack_release(&pack);
}

static void
add(enum dp_change_kind kind, const char *switch_name)
{
	const struct dp_change change = change_about(kind, switch_name, "Ethernet1/1");

	ck_assert_int_eq(change_encode(&change, &batch.args, &batch.keys), 0);
}

START_TEST(a_batch_is_one_evalsha_with_its_keys_and_arguments_in_order)
{
	static const char *const wanted[] = { "EVALSHA", SHA, "7", "{site-a}:publisher",
		"{site-a}:down", "{site-a}:events", "{site-a}:link-events", "{site-a}:redundancy",
		"{site-a}:interface:leaf1", "{site-a}:port:00000000-0000-0000-0000-000000000000" };
	static const char *const wanted_head[] = { "18446744073709551615", "", "41", "1", "host/1",
		"host/0", "1000000", "100000", "1700000000000", "IT", NULL };
	const size_t n = sizeof(wanted) / sizeof(wanted[0]);

	add(CHANGE_INTERFACE, "leaf1");
	add(CHANGE_TOGGLE, "leaf1");
	command.line = "host/0";
	ck_assert_int_eq(batch_command_make(&command, SHA, UINT64_MAX, &batch), 0);
	redisReply *args = read_command();
	ck_assert_uint_eq(args->elements, n + 2);
	for (size_t i = 0; i < n; i++)
		expect(args->element[i], wanted[i], strlen(wanted[i]));
	expect_head_and_records(args, n, wanted_head);
	freeReplyObject(args);
}
END_TEST

/* The script takes a shorter way then. Everything else, and an event with something behind it, is no event. */
START_TEST(a_batch_of_an_interface_and_its_port_says_so)
{
	static const struct {
		enum dp_change_kind kinds[3];
		unsigned n;
		const char *told;
	} batches[] = {
		{ { CHANGE_INTERFACE, CHANGE_TOGGLE }, 2, "IT" },
		{ { CHANGE_TOGGLE, CHANGE_INTERFACE }, 2, "" },
		{ { CHANGE_INTERFACE }, 1, "" },
		{ { CHANGE_TOGGLE }, 1, "" },
		{ { CHANGE_INTERFACE, CHANGE_PORT }, 2, "" },
		{ { CHANGE_INTERFACE, CHANGE_REDUNDANCY }, 2, "" },
		{ { CHANGE_INTERFACE, CHANGE_TOGGLE, CHANGE_REDUNDANCY }, 3, "" },
	};

	for (size_t i = 0; i < sizeof(batches) / sizeof(batches[0]); i++) {
		arg_buf_clear(&batch.args);
		arg_buf_clear(&batch.keys);
		for (unsigned j = 0; j < batches[i].n; j++)
			add(batches[i].kinds[j], "leaf1");
		ck_assert_int_eq(batch_command_make(&command, SHA, 1, &batch), 0);
		const char *const head[] = { "1", "", "41", "1", "host/1", "host/1", "1000000",
			"100000", "1700000000000", batches[i].told, NULL };
		redisReply *args = read_command();
		expect_head_and_records(args, 8 + batches[i].n, head);
		freeReplyObject(args);
	}
}
END_TEST

START_TEST(an_empty_batch_has_no_key_of_its_own_and_no_records)
{
	static const char *const head[] = { "0", "", "41", "1", "host/1", "host/1", "1000000",
		"100000", "1700000000000", "", NULL };

	ck_assert_int_eq(batch_command_make(&command, SHA, 0, &batch), 0);
	redisReply *args = read_command();
	ck_assert_uint_eq(args->elements, 9);
	expect(args->element[2], "5", 1);
	expect_head_and_records(args, 8, head);
	freeReplyObject(args);
}
END_TEST

static const struct {
	uint64_t epoch, number;
	const char *line, *told;
} next_batches[] = {
	{ 1, 42, "host/1", "41" },
	{ 1, 43, "host/1", "" },
	{ 1, 41, "host/1", "" },
	{ 2, 42, "host/1", "" },
	{ 1, 42, "host/0", "" },
};

START_TEST(a_batch_follows_the_one_before_it_in_its_epoch_and_line)
{
	char epoch[8], number[8];

	command.line = "host/1";
	ck_assert_int_eq(batch_command_make(&command, SHA, 1, &batch), 0);
	batch.number = next_batches[_i].number;
	command.line = next_batches[_i].line;
	ck_assert_int_eq(batch_command_make(&command, SHA, next_batches[_i].epoch, &batch), 0);
	snprintf(epoch, sizeof(epoch), "%" PRIu64, next_batches[_i].epoch);
	snprintf(number, sizeof(number), "%" PRIu64, batch.number);
	const char *const head[] = { epoch, next_batches[_i].told, number, "1", "host/1",
		command.line, "1000000", "100000", "1700000000000", "", NULL };
	redisReply *args = read_command();
	expect_head_and_records(args, 8, head);
	freeReplyObject(args);
}
END_TEST

/* One kept from batch to batch grows, and holds nothing of the batch before. */
START_TEST(a_command_holds_any_batch_after_any_other)
{
	static const char *const head[] = { "1", "", "41", "1", "host/1", "host/1", "1000000",
		"100000", "1700000000000", "", NULL };
	static const unsigned sizes[] = { 0, 3, 500, 1, 20, 512 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		arg_buf_clear(&batch.args);
		arg_buf_clear(&batch.keys);
		for (unsigned n = 0; n < sizes[i]; n++)
			add(n % 3 == 0 ? CHANGE_INTERFACE : CHANGE_TOGGLE, n % 2 ? "a" : "leaf1");
		ck_assert_int_eq(batch_command_make(&command, SHA, 1, &batch), 0);
		redisReply *args = read_command();
		expect_head_and_records(args, 8 + sizes[i], head);
		freeReplyObject(args);
	}
}
END_TEST

int
main(void)
{
	TCase *tcase = tcase_create("batch_command");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_batch_is_one_evalsha_with_its_keys_and_arguments_in_order);
	tcase_add_test(tcase, a_batch_of_an_interface_and_its_port_says_so);
	tcase_add_loop_test(tcase, a_batch_follows_the_one_before_it_in_its_epoch_and_line, 0,
	    sizeof(next_batches) / sizeof(next_batches[0]));
	tcase_add_test(tcase, an_empty_batch_has_no_key_of_its_own_and_no_records);
	tcase_add_test(tcase, a_command_holds_any_batch_after_any_other);
	return run_case("batch_command", tcase);
}
