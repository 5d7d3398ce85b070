/*
 * What the network has not said, and where the two ends of a link disagree.
 */
#include <string.h>

#include "core/topo_silence.h"
#include "lib/net.h"
#include "lib/run_suite.h"

#define N(array) (int)(sizeof(array) / sizeof((array)[0]))

/* Port 1 on two leaves; 2 on an aggregate; 3 on a member of one; 4 nowhere. */
static const char map[] =
    "{'switches': [{'name': 'spine', 'hostnames': ['spine'], 'root': true},"
    " {'name': 'leaf1', 'hostnames': ['leaf1'], 'interfaces': ["
    "  {'name': 'port-channel8', 'members': ['Ethernet1/8', 'Ethernet1/9']}]},"
    " {'name': 'leaf2', 'hostnames': ['leaf2']}],"
    "'links': [{'a': 'leaf1:u1', 'b': 'spine:d1'}, {'a': 'leaf2:u1', 'b': 'spine:d2'}],"
    "'hosts': [{'name': 'h', 'attachments': ['leaf1:e1', 'leaf2:e1']}],"
    "'ports': [{'id': '" PORT_ID(
	1) "', 'name': 'one', 'host': 'h'},"
	   " {'id': '" PORT_ID(2) "', 'attachments': ['leaf1:port-channel8']},"
				  " {'id': '" PORT_ID(3) "', 'attachments': ['leaf1:Ethernet1/9']},"
							 " {'id': '" PORT_ID(4) "'}]}";

/* Words ("leaf1:e1 up", "... down", "... forced": down, but by a person), and what comes of them. */
static const struct {
	const char *words, *unheard, *links;
} rows[] = {
	{ "", "123", "" },
	{ "leaf1:e1 up", "23", "" },
	{ "leaf2:e1 down", "23", "" },
	{ "leaf1:u1 up, spine:d1 up", "123", "" },
	/* A member speaks for its aggregate, and the aggregate for its members. */
	{ "leaf1:Ethernet1/8 up", "13", "" },
	{ "leaf1:Ethernet1/9 up", "1", "" },
	{ "leaf1:port-channel8 up", "1", "" },
	{ "leaf1:e1 up, leaf1:port-channel8 down", "", "" },
	{ "leaf1:u1 down, spine:d1 up", "123", "leaf1:u1" },
	{ "leaf1:u1 up, spine:d1 down", "123", "spine:d1" },
	{ "leaf1:u1 down, spine:d1 down", "123", "" },
	{ "leaf1:u1 down", "123", "" },
	{ "leaf1:u1 forced, spine:d1 up", "123", "" },
	{ "leaf1:u1 down, spine:d1 up, leaf2:u1 up, spine:d2 down", "123", "leaf1:u1 spine:d2" },
};

static uint8_t
mask_of(struct slice word)
{
	if (slice_eq_str(word, "forced"))
		return SAID_SOMETHING | SAID_DOWN | SAID_OVERRIDDEN;
	return slice_eq_str(word, "down") ? SAID_SOMETHING | SAID_DOWN : SAID_SOMETHING;
}

static void
say(const struct topo *topo, uint8_t *said, const char *words)
{
	while (*words) {
		struct slice word = { words, strcspn(words, ",") };
		long colon = slice_find(word, SLICE(":")), blank = slice_find(word, SLICE(" "));
		struct slice sw = slice_first(word, (size_t)colon);
		struct slice name = { word.data + colon + 1, (size_t)(blank - colon - 1) };
		uint32_t i = topo_interface_find(topo, topo_switch_find(topo, sw), name);
		ck_assert_uint_ne(i, TOPO_NONE);
		said[i] = mask_of(slice_from(word, (size_t)blank + 1));
		words += word.len + strspn(words + word.len, ", ");
	}
}

START_TEST(silent_ports_and_links_at_odds_are_found)
{
	struct topo *topo = topo_of_text(map);
	uint8_t said[64] = { 0 };
	struct topo_silence silence;
	char unheard[16] = "", links[64] = "";
	size_t i;
	json_t *item;

	say(topo, said, rows[_i].words);
	ck_assert_int_eq(topo_silence(topo, said, &silence), 0);
	json_t *json = topo_silence_json(topo, said, &silence);
	json_array_foreach(json_object_get(json, "unheard_ports"), i, item) snprintf(unheard + i,
	    sizeof(unheard) - i, "%c", json_string_value(json_object_get(item, "id"))[0]);
	json_array_foreach(json_object_get(json, "contradicting_links"), i, item)
	    snprintf(links + strlen(links), sizeof(links) - strlen(links), "%s%s", i > 0 ? " " : "",
		json_string_value(json_object_get(item, "down")));
	ck_assert_str_eq(unheard, rows[_i].unheard);
	ck_assert_str_eq(links, rows[_i].links);
	ck_assert_int_eq(json_integer_value(json_object_get(json, "ports_unheard")),
	    (json_int_t)strlen(rows[_i].unheard));
	json_decref(json);
	topo_silence_release(&silence);
	topo_free(topo);
}
END_TEST

START_TEST(of_many_silent_ports_all_are_counted_and_the_first_thousand_named)
{
	struct topo_builder *builder = topo_builder_new();
	struct topo *topo = NULL;
	struct topo_silence silence;
	uint8_t said[4] = { 0 };
	char text[128];

	topo_builder_add_text(
	    builder, TOPO_SWITCH, "s", SLICE("{\"name\": \"s\", \"hostnames\": [\"s\"]}"));
	for (int i = 0; i < 3000; i++) {
		snprintf(text, sizeof(text),
		    "{\"id\": \"00000000-0000-4000-8000-%012d\", \"attachments\": [\"s:e1\"]}", i);
		topo_builder_add_text(builder, TOPO_PORT, NULL, slice_of(text));
	}
	ck_assert_int_eq(topo_builder_finish(builder, &topo), 0);
	topo_builder_free(builder);
	ck_assert_int_eq(topo_silence(topo, said, &silence), 0);
	json_t *json = topo_silence_json(topo, said, &silence);
	ck_assert_int_eq(json_integer_value(json_object_get(json, "ports_unheard")), 3000);
	ck_assert_uint_eq(
	    json_array_size(json_object_get(json, "unheard_ports")), TOPO_SILENCE_PORTS_LISTED);
	json_decref(json);
	topo_silence_release(&silence);
	topo_free(topo);
}
END_TEST

int
main(void)
{
	TCase *tcase = tcase_create("topo silence");

	tcase_add_loop_test(tcase, silent_ports_and_links_at_odds_are_found, 0, N(rows));
	tcase_add_test(tcase, of_many_silent_ports_all_are_counted_and_the_first_thousand_named);
	return run_case("topo silence", tcase);
}
