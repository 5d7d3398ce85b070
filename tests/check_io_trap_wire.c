/* trap_wire beside net-snmp: what it reads, the library reads the same; nothing is read by the one and refused by the other. */
#include <check.h>
#include <string.h>

#include "core/snmp_shape.h"
#include "core/trap_wire.h"
#include "io/snmp_decoder.h"
#include "lib/mutate.h"
#include "lib/run_suite.h"
#include "lib/snmp_samples.h"
#include "lib/trap_same.h"

/* A linkDown with index, description, and a value of each type that is read. */
#define SAMPLE_RICH                                                                      \
	SLICE("\x30\x81\xb6\x02\x01\x01\x04\x06\x70\x75\x62\x6c\x69\x63\xa7\x81\xa8\x02" \
	      "\x04\x2d\x24\xb6\xca\x02\x01\x00\x02\x01\x00\x30\x81\x99\x30\x0e\x06\x08" \
	      "\x2b\x06\x01\x02\x01\x01\x03\x00\x43\x02\x04\xd2\x30\x17\x06\x0a\x2b\x06" \
	      "\x01\x06\x03\x01\x01\x04\x01\x00\x06\x09\x2b\x06\x01\x06\x03\x01\x01\x05" \
	      "\x03\x30\x11\x06\x0b\x2b\x06\x01\x02\x01\x02\x02\x01\x01\x82\x2c\x02\x02" \
	      "\x01\x2c\x30\x12\x06\x0b\x2b\x06\x01\x02\x01\x02\x02\x01\x02\x82\x2c\x04" \
	      "\x03\x67\x65\x31\x30\x0c\x06\x03\x2b\x06\x02\x41\x05\x00\xff\xff\xff\xff" \
	      "\x30\x0b\x06\x03\x2b\x06\x03\x42\x04\x00\x98\x96\x80\x30\x0b\x06\x03\x2b" \
	      "\x06\x04\x40\x04\xc0\x00\x02\x0b\x30\x0d\x06\x03\x2b\x06\x05\x46\x06\x01" \
	      "\x00\x00\x00\x00\x00\x30\x07\x06\x03\x2b\x06\x06\x05\x00\x30\x07\x06\x03" \
	      "\x2b\x06\x07\x80\x00")

static const struct slice samples[] = { SAMPLE_V1, SAMPLE_V2C, SAMPLE_RICH };
#define N_SAMPLES (int)(sizeof(samples) / sizeof(samples[0]))

static struct trap_wire room;
static struct snmp_decoder *decoder;

struct comparison {
	struct trap trap;
	bool same;
};

static void
on_notification(void *ctx, const struct snmp_notification *notification)
{
	struct comparison *comparison = ctx;

	comparison->same = trap_same(&notification->trap, &comparison->trap);
}

/* Returns whether trap_wire read it. */
static bool
compare(struct slice datagram)
{
	struct comparison comparison = { .same = false };

	if (!trap_wire_read(datagram, &room, &comparison.trap))
		return false;
	ck_assert(snmp_shape_fits(datagram));
	ck_assert_int_eq(snmp_decoder_feed(decoder, datagram, on_notification, &comparison),
	    DECODED_NOTIFICATION);
	ck_assert(comparison.same);
	return true;
}

START_TEST(a_sample_is_read_by_both_alike)
{
	ck_assert(compare(samples[_i]));
}
END_TEST

START_TEST(with_any_octet_changed_both_read_it_alike_or_one_declines)
{
	size_t read = 0;
	char bytes[256];

	for (size_t at = 0; at < samples[_i].len; at++)
		for (int octet = 0; octet < 256; octet++) {
			memcpy(bytes, samples[_i].data, samples[_i].len);
			bytes[at] = (char)octet;
			read += compare((struct slice){ bytes, samples[_i].len });
		}
	/* So that the test is about something. */
	ck_assert_uint_gt(read, samples[_i].len);
}
END_TEST

START_TEST(with_any_length_changed_both_read_it_alike_or_one_declines)
{
	char bytes[512];

	for (size_t i = 0; i < mutate_count(samples[_i]); i++)
		(void)compare(mutate(samples[_i], i, bytes, sizeof(bytes)));
}
END_TEST

int
main(void)
{
	TCase *tcase = tcase_create("trap_wire");

	decoder = snmp_decoder_new();
	tcase_set_timeout(tcase, 30);
	tcase_add_loop_test(tcase, a_sample_is_read_by_both_alike, 0, N_SAMPLES);
	tcase_add_loop_test(
	    tcase, with_any_octet_changed_both_read_it_alike_or_one_declines, 0, N_SAMPLES);
	tcase_add_loop_test(
	    tcase, with_any_length_changed_both_read_it_alike_or_one_declines, 0, N_SAMPLES);
	int status = run_case("trap_wire beside net-snmp", tcase);
	snmp_decoder_free(decoder);
	return status;
}
