/*
 * What would happen if: names of failures, and the forecast.
 */
#include <string.h>

#include "core/what_if.h"
#include "lib/net.h"
#include "lib/run_suite.h"

#define N(array) (int)(sizeof(array) / sizeof((array)[0]))

/*
 * Two spines (roots), four leaves. leaf1 and leaf2 hang on both spines, leaf3 on spine1 alone; leaf4 is joined by a LAG of
 * two with min_links 2 on the spine's side only, its cables being mapped one by one.
 */
static const char document[] =
    "{'switches': ["
    " {'name': 'spine1', 'hostnames': ['spine1.dc.example.net'], 'root': true, 'os': 'nx-os', 'interfaces': ["
    "   {'name': 'port-channel4', 'members': ['Ethernet1/41', 'Ethernet1/42'], 'min_links': 2}]},"
    " {'name': 'spine2', 'hostnames': ['spine2'], 'root': true},"
    " {'name': 'leaf1', 'hostnames': ['leaf1'], 'os': 'nx-os', 'interfaces': ["
    "   {'name': 'port-channel8', 'members': ['Ethernet1/8', 'Ethernet1/9']}]},"
    " {'name': 'leaf2', 'hostnames': ['leaf2']},"
    " {'name': 'leaf3', 'hostnames': ['leaf3']},"
    " {'name': 'leaf4', 'hostnames': ['leaf4']}],"
    "'links': ["
    " {'a': 'leaf1:Ethernet1/49', 'b': 'spine1:Ethernet1/1'}, {'a': 'leaf1:Ethernet1/50', 'b': 'spine2:Ethernet1/1'},"
    " {'a': 'leaf2:Ethernet1/49', 'b': 'spine1:Ethernet1/2'}, {'a': 'leaf2:Ethernet1/50', 'b': 'spine2:Ethernet1/2'},"
    " {'a': 'leaf3:Ethernet1/49', 'b': 'spine1:Ethernet1/3'},"
    " {'a': 'leaf4:Ethernet1/49', 'b': 'spine1:Ethernet1/41'},"
    " {'a': 'leaf4:Ethernet1/50', 'b': 'spine1:Ethernet1/42'}],"
    "'hosts': ["
    " {'name': 'both', 'attachments': ['leaf1:Ethernet1/1', 'leaf2:Ethernet1/1']},"
    " {'name': 'backup', 'attachments': ['leaf2:Ethernet1/2', 'leaf3:Ethernet1/2'], 'stranded': 'down'},"
    " {'name': 'lag', 'attachments': ['leaf1:port-channel8']}],"
    "'ports': ["
    " {'id': '" PORT_ID(
	1) "', 'name': 'vm1', 'host': 'both'},"
	   " {'id': '" PORT_ID(
	       2) "', 'name': 'vm2', 'host': 'both'},"
		  " {'id': '" PORT_ID(
		      3) "', 'name': 'vm3', 'host': 'backup'},"
			 " {'id': '" PORT_ID(
			     4) "', 'name': 'vm4', 'host': 'lag'},"
				" {'id': '" PORT_ID(
				    5) "', 'name': 'vm5', 'attachments': ['leaf3:Ethernet1/1']},"
				       " {'id': '" PORT_ID(
					   6) "', 'name': 'vm6', 'attachments': ['spine1:port-channel4']}]}";

static struct net net;

static void
setup(void)
{
	net_open(&net, document);
}

static void
teardown(void)
{
	net_close(&net);
}

/* Asked for fewer ports, it lists the first of them, and counts all. */
static void
expect_first(const struct what_if *all, const struct failure *failures, size_t n)
{
	struct what_if some;

	for (size_t most = 0; most <= all->n_ports; most++) {
		ck_assert_int_eq(what_if(net.engine, failures, n, most, &some), 0);
		ck_assert_uint_eq(some.n_ports, most);
		ck_assert_mem_eq(some.n, all->n, sizeof(all->n));
		for (size_t i = 0; i < most; i++) {
			ck_assert_uint_eq(some.ports[i].port, all->ports[i].port);
			ck_assert_uint_eq(some.ports[i].outcome, all->ports[i].outcome);
		}
		what_if_release(&some);
	}
}

/* "vm1 down access 2+0>0+0/2" for each port: outcome, cause, up+stranded before and after of all. */
static const char *
forecast(const char *down)
{
	static char text[1024];
	const struct topo *topo = engine_topo(net.engine);
	struct failure failures[8];
	struct what_if found;
	size_t n = 0, used = 0;

	for (const char *at = down; *at;) {
		size_t len = strcspn(at, " ");
		ck_assert_int_eq(
		    failure_parse(topo, (struct slice){ at, len }, &failures[n++]), FAILURE_FOUND);
		at += len + (at[len] == ' ');
	}
	ck_assert_int_eq(what_if(net.engine, failures, n, SIZE_MAX, &found), 0);
	text[0] = '\0';
	for (size_t i = 0; i < found.n_ports; i++) {
		const struct what_if_port *port = &found.ports[i];
		used +=
		    (size_t)snprintf(text + used, sizeof(text) - used, "%s%s %s%s%s %u+%u>%u+%u/%u",
			i ? ", " : "", topo_text_get(topo, topo_port_get(topo, port->port)->name),
			what_if_outcome_names[port->outcome], port->cause ? " " : "",
			dp_cause_names[port->cause], port->before.up, port->before.stranded,
			port->after.up, port->after.stranded, port->after.total);
	}
	ck_assert_uint_eq(found.n_ports,
	    found.n[WHAT_IF_DOWN] + found.n[WHAT_IF_DEGRADED] + found.n[WHAT_IF_RECOVERED]);
	expect_first(&found, failures, n);
	what_if_release(&found);
	return text;
}

static const struct {
	const char *text;
	enum failure_name want;
	const char *spelled; /* of what was found */
} names[] = {
	{ "leaf1", FAILURE_FOUND, "leaf1" },
	{ "LEAF1", FAILURE_FOUND, "leaf1" },
	{ "spine1.dc.example.net", FAILURE_FOUND, "spine1" },
	{ "leaf1:Eth1/49", FAILURE_FOUND, "leaf1:Ethernet1/49" },
	{ "leaf1:Po8", FAILURE_FOUND, "leaf1:port-channel8" },
	{ "leaf9", FAILURE_NO_SWITCH, NULL },
	{ "", FAILURE_NO_SWITCH, NULL },
	{ ":Ethernet1/49", FAILURE_NO_SWITCH, NULL },
	{ "leaf1:", FAILURE_NO_INTERFACE, NULL },
	{ "leaf1:Ethernet1/99", FAILURE_NO_INTERFACE, NULL },
	{ "leaf1:leaf1:Ethernet1/49", FAILURE_NO_INTERFACE, NULL },
};

START_TEST(a_failure_is_named_as_a_switch_or_as_one_of_its_interfaces)
{
	struct failure failure = { 77, 77 };
	char buf[FAILURE_TEXT_MAX];

	ck_assert_int_eq(failure_parse(engine_topo(net.engine), slice_of(names[_i].text), &failure),
	    names[_i].want);
	if (names[_i].spelled)
		ck_assert_str_eq(failure_text(engine_topo(net.engine), &failure, buf, sizeof(buf)),
		    names[_i].spelled);
	else
		ck_assert(failure.sw == 77 && failure.interface == 77);
}
END_TEST

static const struct {
	const char *down, *want;
} forecasts[] = {
	/* One leg of two, its switch's one uplink of two, and nothing at all. */
	{ "leaf1:Ethernet1/1", "vm1 degraded 2+0>1+0/2, vm2 degraded 2+0>1+0/2" },
	{ "leaf1:Ethernet1/49", "" },
	{ "spine2:Ethernet1/1", "" },
	{ "", "" },
	/* A leaf: its access ports die with it. */
	{ "leaf1", "vm4 down access 1+0>0+0/1, vm1 degraded 2+0>1+0/2, vm2 degraded 2+0>1+0/2" },
	{ "leaf1 leaf2",
	    "vm4 down access 1+0>0+0/1, vm1 down access 2+0>0+0/2, vm2 down access 2+0>0+0/2, "
	    "vm3 degraded 2+0>1+0/2" },
	/* A spine: leaf3 hangs on it alone, so its ports are cut off; what follows only its own link is down at once. */
	{ "spine1",
	    "vm6 down access 1+0>0+0/1, vm3 down uplink 2+0>1+1/2, vm5 down uplink 1+0>0+1/1" },
	{ "spine2", "" },
	{ "spine1:Ethernet1/3", "vm3 down uplink 2+0>1+1/2, vm5 down uplink 1+0>0+1/1" },
	/* Both uplinks of one leaf, by ends on either side. */
	{ "leaf1:Ethernet1/49 spine2:Ethernet1/1",
	    "vm4 down uplink 1+0>0+1/1, vm1 degraded 2+0>1+1/2, vm2 degraded 2+0>1+1/2" },
	/* Members: one is not missed, two are; and an aggregate as such. */
	{ "leaf1:Ethernet1/8", "" },
	{ "leaf1:Ethernet1/8 leaf1:Ethernet1/9", "vm4 down access 1+0>0+0/1" },
	{ "leaf1:port-channel8", "vm4 down access 1+0>0+0/1" },
	/* The far end of a cable goes dark, and with it an aggregate that needs two. */
	{ "leaf4:Ethernet1/49", "vm6 down access 1+0>0+0/1" },
	{ "leaf4", "vm6 down access 1+0>0+0/1" },
	/* The same thing named twice. */
	{ "leaf1:Ethernet1/1 leaf1:Ethernet1/1", "vm1 degraded 2+0>1+0/2, vm2 degraded 2+0>1+0/2" },
};

START_TEST(a_forecast_names_each_port_with_its_paths_before_and_after)
{
	ck_assert_str_eq(forecast(forecasts[_i].down), forecasts[_i].want);
}
END_TEST

START_TEST(a_forecast_starts_from_what_is_down_already)
{
	net_down(&net, "leaf2:Ethernet1/1");
	ck_assert_str_eq(
	    forecast("leaf1:Ethernet1/1"), "vm1 down access 1+0>0+0/2, vm2 down access 1+0>0+0/2");
	ck_assert_str_eq(forecast("leaf2:Ethernet1/1"), "");
	net_down(&net, "leaf1:Ethernet1/1");
	ck_assert_str_eq(forecast("leaf1"), "vm4 down access 1+0>0+0/1");
}
END_TEST

START_TEST(a_stranded_path_that_dies_lets_a_port_recover_that_it_held_down)
{
	net_down(&net, "leaf3:Ethernet1/49");
	ck_assert_str_eq(forecast("leaf3:Ethernet1/2"), "vm3 recovered 1+1>1+0/2");
}
END_TEST

START_TEST(a_port_that_somebody_reported_down_is_down_already_and_stays_so)
{
	uint8_t id[16];
	const struct dp_report report = { .down = true, .by = "somebody", .note = "" };

	ck_assert(port_id_parse(SLICE(PORT_ID(1)), id));
	ck_assert(engine_report(net.engine, id, &report, net_time(&net)));
	ck_assert_str_eq(forecast("leaf1 leaf2"),
	    "vm4 down access 1+0>0+0/1, vm2 down access 2+0>0+0/2, vm3 degraded 2+0>1+0/2");
	net_down(&net, "leaf3:Ethernet1/49");
	ck_assert_str_eq(forecast("leaf3"), "vm3 recovered 1+1>1+0/2");
}
END_TEST

START_TEST(a_forecast_changes_nothing)
{
	struct engine_totals before, after;
	struct dp_change change;

	net_down(&net, "leaf2:Ethernet1/1");
	engine_totals(net.engine, &before);
	for (int i = 0; i < 3; i++)
		ck_assert_str_eq(forecast("leaf1"),
		    "vm4 down access 1+0>0+0/1, vm1 down access 1+0>0+0/2, vm2 down access 1+0>0+0/2");
	ck_assert(!engine_pop(net.engine, &change));
	engine_totals(net.engine, &after);
	ck_assert_mem_eq(&before, &after, sizeof(before));
}
END_TEST

/* The spine sees one port-channel for an MLAG pair: it stays up while one of the two is left. */
START_TEST(a_far_end_goes_dark_only_when_all_its_links_have_lost_their_other_end)
{
	teardown();
	net_open(&net,
	    "{'switches': [{'name': 'spine1', 'hostnames': ['spine1'], 'root': true},"
	    " {'name': 'leaf1', 'hostnames': ['leaf1']}, {'name': 'leaf2', 'hostnames': ['leaf2']}],"
	    "'links': [{'a': 'leaf1:Po1', 'b': 'spine1:Po1'}, {'a': 'leaf2:Po1', 'b': 'spine1:Po1'}],"
	    "'ports': [{'id': '" PORT_ID(
		1) "', 'name': 'vm1', 'attachments': ['leaf2:Ethernet1/1']},"
		   " {'id': '" PORT_ID(2) "', 'name': 'vm2', 'attachments': ['spine1:Po1']}]}");
	ck_assert_str_eq(forecast("leaf1"), "");
	ck_assert_str_eq(
	    forecast("leaf1 leaf2"), "vm1 down access 1+0>0+0/1, vm2 down access 1+0>0+0/1");
}
END_TEST

/* The words that a dead interface leaves behind: its own, and that of the other end of its cable. */
static void
kill_interface(struct net *real, uint32_t interface)
{
	const struct topo *topo = engine_topo(real->engine);
	struct topo_range links = topo_interface_get(topo, interface)->links;
	char text[FAILURE_TEXT_MAX];

	net_down(real, topo_interface_text(topo, interface, text, sizeof(text)));
	for (uint32_t i = 0; i < links.n; i++) {
		const struct topo_link *link =
		    topo_link_get(topo, topo_link_of_interface(topo, links.first + i));
		uint32_t far = link->a == interface ? link->b : link->a;
		net_down(real, topo_interface_text(topo, far, text, sizeof(text)));
	}
}

START_TEST(a_forecast_comes_true_when_the_switches_say_so)
{
	const struct topo *topo = engine_topo(net.engine);
	const uint32_t n_switches = topo_n_switches(topo);
	struct failure failure = { (uint32_t)_i, TOPO_NONE };
	struct what_if found;
	struct net real;

	ck_assert_uint_le(n_switches + topo_n_interfaces(topo), 40);
	if ((uint32_t)_i >= n_switches + topo_n_interfaces(topo))
		return;
	net_open(&real, document);
	if ((uint32_t)_i >= n_switches) {
		failure.interface = (uint32_t)_i - n_switches;
		failure.sw = topo_interface_get(topo, failure.interface)->sw;
		kill_interface(&real, failure.interface);
	}
	struct topo_range range = topo_switch_get(topo, failure.sw)->interfaces;
	for (uint32_t i = 0; failure.interface == TOPO_NONE && i < range.n; i++)
		kill_interface(&real, range.first + i);
	ck_assert_int_eq(what_if(net.engine, &failure, 1, SIZE_MAX, &found), 0);
	uint32_t n_down = 0;
	for (size_t i = 0; i < found.n_ports; i++) {
		struct engine_port_view view;
		engine_port_view(real.engine, found.ports[i].port, &view);
		ck_assert_int_eq(view.dp_down, found.ports[i].outcome == WHAT_IF_DOWN);
		ck_assert_uint_eq(view.paths.up, found.ports[i].after.up);
		ck_assert_uint_eq(view.paths.stranded, found.ports[i].after.stranded);
		n_down += view.dp_down;
	}
	struct engine_totals totals;
	engine_totals(real.engine, &totals);
	ck_assert_uint_eq(totals.ports_down, n_down);
	ck_assert_uint_eq(totals.ports_degraded, found.n[WHAT_IF_DEGRADED]);
	what_if_release(&found);
	net_close(&real);
}
END_TEST

START_TEST(a_trial_that_is_undone_is_as_new)
{
	const struct topo *topo = engine_topo(net.engine);
	struct trial *trial = trial_new(topo, NULL);

	ck_assert_ptr_nonnull(trial);
	for (uint32_t round = 0; round < 3; round++) {
		for (uint32_t sw = 0; sw < topo_n_switches(topo); sw++) {
			const struct failure failure = { sw, TOPO_NONE };
			ck_assert_int_eq(trial_fail(trial, &failure, 1), 0);
			ck_assert_int_eq(trial_undo(trial), 0);
		}
	}
	ck_assert_uint_eq(trial_groups(trial)->n, 0);
	for (uint32_t i = 0; i < topo_n_interfaces(topo); i++)
		ck_assert(reach_carries(trial_reach(trial), i));
	for (uint32_t sw = 0; sw < topo_n_switches(topo); sw++)
		ck_assert(reach_switch(trial_reach(trial), sw));
	trial_free(trial);
	trial_free(NULL);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("what if");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(
	    tc, a_failure_is_named_as_a_switch_or_as_one_of_its_interfaces, 0, N(names));
	tcase_add_loop_test(
	    tc, a_forecast_names_each_port_with_its_paths_before_and_after, 0, N(forecasts));
	tcase_add_test(tc, a_forecast_starts_from_what_is_down_already);
	tcase_add_test(tc, a_stranded_path_that_dies_lets_a_port_recover_that_it_held_down);
	tcase_add_test(tc, a_port_that_somebody_reported_down_is_down_already_and_stays_so);
	tcase_add_test(tc, a_forecast_changes_nothing);
	tcase_add_test(tc, a_far_end_goes_dark_only_when_all_its_links_have_lost_their_other_end);
	tcase_add_loop_test(tc, a_forecast_comes_true_when_the_switches_say_so, 0, 40);
	tcase_add_test(tc, a_trial_that_is_undone_is_as_new);
	return run_case("what if", tc);
}
