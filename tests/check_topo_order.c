/* The ports of a map by id: made in steps of any size, and where an id stands. */
#include <string.h>

#include "core/topo_order.h"
#include "lib/run_suite.h"
#include "lib/topo_fixture.h"

/* A port whose id is spread from its number: no order of numbers is one of ids. */
static void
id_of(uint32_t number, uint8_t ret_id[16])
{
	uint64_t high = (number + 1) * UINT64_C(0x9e3779b97f4a7c15), low = high * high;

	/* Every other port shares its first half with another one. */
	high = number % 2 ? high : (number / 4 + 1) * UINT64_C(0xc2b2ae3d27d4eb4f);
	for (int i = 0; i < 8; i++) {
		ret_id[i] = (uint8_t)(high >> (56 - 8 * i));
		ret_id[8 + i] = (uint8_t)(low >> (56 - 8 * i));
	}
}

static struct topo *
map_of(uint32_t n)
{
	struct topo_builder *builder = topo_builder_new();
	struct topo *map = NULL;

	for (uint32_t i = 0; i < n; i++) {
		char text[PORT_ID_TEXT];
		uint8_t id[16];
		id_of(i, id);
		json_t *port =
		    json_pack("{s:s, s:[]}", "id", port_id_format(id, text), "attachments");
		topo_builder_add(builder, TOPO_PORT, "port", NULL, port);
		json_decref(port);
	}
	ck_assert_int_eq(topo_builder_finish(builder, &map), 0);
	topo_builder_free(builder);
	return map;
}

static const struct {
	uint32_t n, budget;
} rows[] = { { 0, 1 }, { 1, 1 }, { 2, 1 }, { 3, 1 }, { 1000, 1 }, { 1023, 7 }, { 1024, 100 },
	{ 1025, UINT32_MAX }, { 20000, 4999 } };

START_TEST(every_port_stands_at_the_place_of_its_id_whatever_the_steps_were)
{
	struct topo *map = map_of(rows[_i].n);
	struct topo_order *order = topo_order_new(map);
	uint32_t budget = rows[_i].budget;

	while (!topo_order_step(order, map, &budget))
		budget = rows[_i].budget;
	for (uint32_t place = 0; place < rows[_i].n; place++) {
		const uint8_t *id = topo_port_get(map, topo_order_port(order, place))->id;
		ck_assert_uint_eq(topo_order_place(order, map, id), place);
		if (place > 0)
			ck_assert_int_gt(
			    memcmp(
				id, topo_port_get(map, topo_order_port(order, place - 1))->id, 16),
			    0);
	}
	ck_assert_uint_eq(topo_order_place(order, map, (const uint8_t[16]){ 0 }), 0);
	topo_order_free(order);
	topo_free(map);
}
END_TEST

START_TEST(a_step_moves_no_more_than_its_budget)
{
	struct topo *map = map_of(1000);
	struct topo_order *order = topo_order_new(map);
	uint32_t steps = 0, budget;

	do {
		budget = 100;
		steps++;
	} while (!topo_order_step(order, map, &budget));
	/* Copied, merged 10 times, taken out. */
	ck_assert_uint_eq(steps, 12 * 1000 / 100);
	budget = 100;
	ck_assert(topo_order_step(order, map, &budget));
	ck_assert_uint_eq(budget, 100);
	topo_order_free(order);
	topo_free(map);
}
END_TEST

START_TEST(an_id_that_no_port_has_has_the_place_where_it_would_stand)
{
	uint8_t id[16];
	struct topo_order *order = topo_order_new(topo);
	uint32_t budget = UINT32_MAX;

	ck_assert(topo_order_step(order, topo, &budget));
	for (uint8_t i = 0; i < 16; i++) {
		memset(id, i << 4, sizeof(id));
		/* 1111..., 2222..., 3333..., 4444... */
		ck_assert_uint_eq(topo_order_place(order, topo, id), i == 0  ? 0
								     : i < 5 ? i - 1u
									     : 4);
	}
	topo_order_free(order);
}
END_TEST

START_TEST(an_order_that_is_half_made_can_be_freed)
{
	struct topo_order *order = topo_order_new(topo);
	uint32_t budget = 6;

	ck_assert(!topo_order_step(order, topo, &budget));
	topo_order_free(order);
	topo_order_free(NULL);
}
END_TEST

int
main(void)
{
	TCase *tcase = tcase_create("topo_order");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, every_port_stands_at_the_place_of_its_id_whatever_the_steps_were,
	    0, sizeof(rows) / sizeof(rows[0]));
	tcase_add_test(tcase, a_step_moves_no_more_than_its_budget);
	tcase_add_test(tcase, an_id_that_no_port_has_has_the_place_where_it_would_stand);
	tcase_add_test(tcase, an_order_that_is_half_made_can_be_freed);
	return run_case("topo_order", tcase);
}
