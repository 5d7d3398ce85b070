/* What two engines say, and lib/network says, held against each other. */
#include <check.h>
#include <stdlib.h>

#include "lib/reach_run.h"

static void
compare_interfaces(struct reach_run *run)
{
	const struct topo *topo = engine_topo(run->engine);
	struct engine_interface_view view;

	for (uint32_t i = 0; i < topo_n_interfaces(topo); i++) {
		engine_interface_view(run->engine, i, &view);
		struct net_end end = { atoi(view.switch_name + 1), 0 };
		while (strcmp(net_interface_name(end.interface), view.name) != 0)
			end.interface++;
		if (view.carries != network_carries(&run->net, end))
			REACH_WRONG(run, "%s:%s %s", view.switch_name, view.name,
			    view.carries ? "carries traffic" : "carries none");
	}
}

static void
compare_switches(struct reach_run *run)
{
	const struct topo *topo = engine_topo(run->engine);
	struct engine_switch_view view;

	for (uint32_t sw = 0; sw < topo_n_switches(topo); sw++) {
		engine_switch_view(run->engine, sw, &view);
		if (view.reaches_root != network_reaches_root(&run->net, atoi(view.name + 1)))
			REACH_WRONG(run, "%s %s", view.name,
			    view.reaches_root ? "reaches a root" : "reaches none");
	}
}

static void
compare_ports(struct reach_run *run)
{
	struct engine_port_view view;
	struct engine_totals totals;
	unsigned n_down = 0, n_degraded = 0;
	uint8_t id[16];

	for (unsigned port = 0; port < NET_PORTS; port++) {
		if (run->net.map.port_group[port] == NET_NONE)
			continue;
		struct net_verdict verdict = network_verdict(&run->net, port);
		net_port_id(port, id);
		engine_port_view(run->engine, topo_port_find(engine_topo(run->engine), id), &view);
		if (view.dp_down != verdict.down || view.paths.up != verdict.up ||
		    view.paths.stranded != verdict.stranded || view.paths.total != verdict.total)
			REACH_WRONG(run, "p%u is %s %u/%u/%u, should be %s %u/%u/%u", port,
			    view.dp_down ? "down" : "up", view.paths.up, view.paths.stranded,
			    view.paths.total, verdict.down ? "down" : "up", verdict.up,
			    verdict.stranded, verdict.total);
		n_down += verdict.down;
		n_degraded += !verdict.down && verdict.up < verdict.total;
	}
	engine_totals(run->engine, &totals);
	if (totals.ports_down != n_down || totals.ports_degraded != n_degraded)
		REACH_WRONG(run, "%u down and %u degraded are counted, should be %u and %u",
		    totals.ports_down, totals.ports_degraded, n_down, n_degraded);
}

static int
compare_records(const void *a, const void *b)
{
	const struct record *x = a, *y = b;
	size_t n = x->bytes.len < y->bytes.len ? x->bytes.len : y->bytes.len;
	int order = memcmp(x->port_id, y->port_id, sizeof(x->port_id));

	if (order == 0)
		order = (x->place > y->place) - (x->place < y->place);
	if (order == 0)
		order = memcmp(x->bytes.data, y->bytes.data, n);
	return order != 0 ? order : (x->bytes.len > y->bytes.len) - (x->bytes.len < y->bytes.len);
}

void
reach_said_clear(struct said *said)
{
	arg_buf_release(&said->keys);
	while (said->n > 0)
		arg_buf_release(&said->records[--said->n].bytes);
}

static void
said_sort(struct said *said)
{
	qsort(said->records, said->n, sizeof(said->records[0]), compare_records);
}

static bool
said_equal(const struct said *a, const struct said *b)
{
	for (unsigned i = 0; i < a->n && i < b->n; i++)
		if (a->records[i].bytes.len != b->records[i].bytes.len ||
		    memcmp(a->records[i].bytes.data, b->records[i].bytes.data,
			a->records[i].bytes.len) != 0)
			return false;
	return a->n == b->n;
}

static void
take_out(struct engine *engine, struct model *model, struct said *said)
{
	struct dp_change change;

	while (engine_pop(engine, &change)) {
		struct record *record = &said->records[said->n];
		if (said->n == RECORDS_MAX)
			ck_abort_msg("more than %d changes", RECORDS_MAX);
		*record = (struct record){ .place = 0 };
		if (change.kind != CHANGE_INTERFACE && change.kind != CHANGE_FORGET) {
			memcpy(record->port_id, change.port_id, sizeof(record->port_id));
			record->place = said->n;
		}
		said->n++;
		/* What stands beside the state is as of the moment in which it is taken out: a later one where a map is taken in slices. */
		struct dp_change told = change;
		told.marks = (struct dp_marks){ 0 };
		told.waits = "";
		if (change_encode(&told, &record->bytes, &said->keys) != 0)
			ck_abort_msg("a change of kind %d cannot be encoded", change.kind);
		uint64_t revision = model ? model_apply(model, &change) : 0;
		if (revision != 0)
			arg_buf_add(
			    &said->keys, (struct slice){ (char *)&revision, sizeof(revision) });
	}
}

/* The revisions that the model gave stand behind the keys of their toggles. Returns how many. */
static unsigned
publish(struct reach_run *run, const struct arg_buf *keys)
{
	struct slice arg, key = { NULL, 0 };
	size_t at = 0;
	unsigned n = 0;
	uint8_t id[16];
	uint64_t revision;

	for (; arg_buf_next(keys, &at, &arg); key = arg) {
		if (arg.len != sizeof(revision))
			continue;
		memcpy(&revision, arg.data, sizeof(revision));
		if (!port_id_parse(slice_from(key, strlen("port:")), id))
			ck_abort_msg("%.*s is no port", (int)key.len, key.data);
		engine_published(run->engine, id, revision);
		engine_published(run->twin, id, revision);
		n++;
	}
	return n;
}

static void
say_records(struct reach_run *run, const char *who, const struct arg_buf *records)
{
	struct slice arg;
	size_t at = 0;

	reach_run_say(run, "  %s:", who);
	while (arg_buf_next(records, &at, &arg))
		reach_run_say(run, " %.*s", (int)arg.len, arg.data);
	reach_run_say(run, "\n");
}

static void
say_all(struct reach_run *run, const char *who, const struct said *said)
{
	for (unsigned i = 0; i < said->n; i++)
		say_records(run, who, &said->records[i].bytes);
}

unsigned
reach_run_pump(struct reach_run *run)
{
	arg_buf_clear(&run->said.keys);
	take_out(run->engine, &run->model, &run->said);
	take_out(run->twin, NULL, &run->twin_said);
	unsigned n = publish(run, &run->said.keys);
	if (run->unsettled)
		return n;
	said_sort(&run->said);
	said_sort(&run->twin_said);
	if (!said_equal(&run->said, &run->twin_said)) {
		REACH_WRONG(run, "a map that is taken in slices tells another story");
		say_all(run, "in slices", &run->said);
		say_all(run, "in one step", &run->twin_said);
	}
	reach_said_clear(&run->said);
	reach_said_clear(&run->twin_said);
	return n;
}

void
reach_run_compare(struct reach_run *run)
{
	if (run->words_wait)
		return;
	compare_interfaces(run);
	compare_switches(run);
	if (!run->unsettled)
		compare_ports(run);
}
