/*
 * fuzz_import: any bytes -> the importers. The first byte says what the rest is: a hosts file, a walk, Neutron's ports (with
 * a fixed base and hosts file), or a base. What comes out is either faults and nothing, or something that the loader takes.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/import_ifnames.h"
#include "core/import_neutron.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char base_text[] =
    "{\"switches\": [{\"name\": \"leaf1\", \"hostnames\": [\"leaf1\"], \"chassis_id\": \"00:1b:54:aa:bb:01\","
    " \"interfaces\": [{\"name\": \"Po8\", \"members\": [\"Eth1/8\"]}, {\"name\": \"Eth1/1\", \"if_index\": 7}]}],"
    " \"hosts\": [{\"name\": \"c1\", \"physnets\": {\"p1\": [\"leaf1:Eth1/2\"]}}]}";
static const char hosts_text[] = "c2 leaf1:Eth1/3\nc2 pci=0000:05:* leaf1:Eth1/4\n";
static const char ports_text[] =
    "[{\"id\": \"00000001-0000-4000-8000-000000000001\", \"binding:host_id\": \"c1\"},"
    " {\"id\": \"00000002-0000-4000-8000-000000000002\", \"binding:host_id\": \"x\", \"binding:profile\":"
    " {\"local_link_information\": [{\"switch_id\": \"00:1b:54:aa:bb:01\", \"port_id\": \"Eth1/8\"}]}}]";

static void
check_result(int r, const struct topo_faults *faults)
{
	if (r != 0 && r != -EINVAL)
		abort();
	if ((r == -EINVAL) != (faults->n_errors > 0))
		abort();
}

static void
fuzz_hosts(struct slice text)
{
	struct topo_faults faults = { 0 };
	struct hosts_file file;
	int r = hosts_file_parse(&file, text, "hosts", &faults);

	check_result(r, &faults);
	for (uint32_t i = 0; i < file.n; i++)
		if (file.entries[i].n_attachments == 0 ||
		    !hosts_file_find(&file, slice_of(file.entries[i].host)))
			abort();
	hosts_file_release(&file);
	topo_faults_release(&faults);
}

static void
fuzz_walk(struct slice text)
{
	struct topo_faults faults = { 0 };
	struct import_report report = { 0 };
	json_t *interfaces = NULL, *merged = NULL;
	json_t *base = json_loads(base_text, 0, NULL);
	int r = import_ifnames(text, "walk", OS_NX_OS, &interfaces, &report, &faults);

	check_result(r, &faults);
	if (r == 0) {
		r = import_ifnames_merge(
		    base, SLICE("leaf1"), interfaces, &merged, &report, &faults);
		check_result(r, &faults);
	}
	json_decref(merged);
	json_decref(interfaces);
	json_decref(base);
	import_report_release(&report);
	topo_faults_release(&faults);
}

static void
fuzz_neutron(struct slice ports, struct slice base)
{
	struct topo_faults faults = { 0 };
	struct import_report report = { 0 };
	struct hosts_file hosts = { 0 };
	json_t *document = NULL;
	json_t *base_document = topo_document_parse(base, &faults);
	const struct import_base with = { .document = base_document, .hosts = &hosts };

	if (base_document &&
	    hosts_file_parse(&hosts, slice_of(hosts_text), "hosts", &faults) == 0) {
		int r = import_neutron(ports, "ports", &with, &document, &report, &faults);
		check_result(r, &faults);
		if ((r == 0) != (document != NULL))
			abort();
	}
	json_decref(document);
	json_decref(base_document);
	hosts_file_release(&hosts);
	import_report_release(&report);
	topo_faults_release(&faults);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	/* In memory of its own, so that a read beyond the end is seen. */
	char *bytes = malloc(size - 1);
	memcpy(bytes, data + 1, size - 1);
	struct slice rest = { bytes, size - 1 };
	if (data[0] % 4 == 0)
		fuzz_hosts(rest);
	else if (data[0] % 4 == 1)
		fuzz_walk(rest);
	else if (data[0] % 4 == 2)
		fuzz_neutron(rest, slice_of(base_text));
	else
		fuzz_neutron(slice_of(ports_text), rest);
	free(bytes);
	return 0;
}
