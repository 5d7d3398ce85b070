/*
 * Any bytes as a topology document: a snapshot in which everything finds itself, or faults that a terminal can show.
 */
#include <stdlib.h>

#include "core/text.h"
#include "core/topo_codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static struct slice
text(const struct topo *topo, topo_text ref)
{
	return slice_of(topo_text_get(topo, ref));
}

static void
check_interface(const struct topo *topo, uint32_t i)
{
	const struct topo_interface *row = topo_interface_get(topo, i);

	must(topo_interface_find(topo, row->sw, text(topo, row->name)) == i);
	must(row->if_index == 0 || topo_interface_by_index(topo, row->sw, row->if_index) == i);
	must(row->members.n == 0 || (row->min_links >= 1 && row->min_links <= row->members.n));
	for (uint32_t m = 0; m < row->members.n; m++) {
		uint32_t member = topo_member(topo, row->members.first + m);
		must(topo_interface_get(topo, member)->aggregate == i);
		must(topo_interface_get(topo, member)->members.n == 0);
	}
	for (uint32_t l = 0; l < row->links.n; l++) {
		uint32_t link = topo_link_of_interface(topo, row->links.first + l);
		must(topo_link_get(topo, link)->a == i || topo_link_get(topo, link)->b == i);
	}
	for (uint32_t g = 0; g < row->groups.n; g++)
		must(topo_group_of_interface(topo, row->groups.first + g) < topo_n_groups(topo));
}

static void
check_topo(const struct topo *topo)
{
	uint64_t n_ports = 0;

	for (uint32_t i = 0; i < topo_n_switches(topo); i++)
		must(topo_switch_find(topo, text(topo, topo_switch_get(topo, i)->name)) == i);
	for (uint32_t i = 0; i < topo_n_interfaces(topo); i++)
		check_interface(topo, i);
	for (uint32_t i = 0; i < topo_n_hosts(topo); i++)
		must(topo_host_find(topo, text(topo, topo_host_get(topo, i)->name)) == i);
	for (uint32_t i = 0; i < topo_n_groups(topo); i++)
		n_ports += topo_group_get(topo, i)->ports.n;
	must(n_ports == topo_n_ports(topo));
	for (uint32_t i = 0; i < topo_n_ports(topo); i++)
		must(topo_port_find(topo, topo_port_get(topo, i)->id) == i);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct topo *topo = NULL;
	struct topo_faults faults = { 0 };

	if (topo_from_text((struct slice){ (const char *)data, size }, &topo, &faults) == 0)
		check_topo(topo);
	else
		must(!topo && faults.n_errors > 0);
	for (size_t i = 0; i < faults.n; i++) {
		struct slice path = slice_of(faults.items[i].path),
			     reason = slice_of(faults.items[i].reason);
		must(path.len > 0 && text_is_utf8(path) && !text_has_control(path));
		must(reason.len > 0 && text_is_utf8(reason) && !text_has_control(reason));
	}
	topo_faults_release(&faults);
	topo_free(topo);
	return 0;
}
