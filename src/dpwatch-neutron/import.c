/*
 * import-topology: Neutron's ports and their bindings, live, into the daemon's map; made by the same core as `dpwatch
 * topology import neutron`. A read that was not finished loads nothing, and neither does one that changes nothing.
 */
#include <stdio.h>
#include <stdlib.h>

#include "account.h"
#include "import.h"

static bool
load(struct import *import, const json_t *document)
{
	if (import_is_same(import->map, document)) {
		printf("the map is so already\n");
		return true;
	}
	if (import->program->dry_run) {
		json_dumpf(document, stdout, JSON_COMPACT);
		putchar('\n');
		return true;
	}
	char *text = json_dumps(document, JSON_COMPACT);
	json_t *answer = text ? import_ask_api(import, "PUT", slice_of(text)) : NULL;
	free(text);
	if (!answer)
		return false;
	printf("in force: %lld ports\n", (long long)json_integer_value(json_object_get(
					     json_object_get(answer, "topology"), "ports")));
	json_decref(answer);
	return true;
}

/* ---- the whole ---- */

static bool
open_all(struct import *import)
{
	const struct config *config = &import->program->config;
	struct neutron_auth auth;

	if (account_find(&auth, import->error) != 0)
		return false;
	import->loop = loop_new();
	if (import->loop)
		import->web = account_web(import->loop, config, &auth, 1);
	import->session = import->web ? session_new(import->loop, import->web, &auth) : NULL;
	neutron_auth_release(&auth);
	return import->session ? import_find_api(import) : import_refuse(import, "out of memory");
}

static bool
run(struct import *import, struct topo_faults *faults)
{
	json_t *document;

	if (!open_all(import) || !import_read_hosts(import, faults) || !import_read_ports(import))
		return false;
	/* The map last: what somebody loads meanwhile is kept. */
	import->map = import_ask_api(import, "GET", (struct slice){ 0 });
	if (!import->map)
		return false;
	document = import_document(import, faults);
	bool good = document && load(import, document);
	json_decref(document);
	if (good && !import->program->dry_run)
		import_keep_ports(import);
	return good;
}

static void
tell_faults(const struct topo_faults *faults)
{
	for (size_t i = 0; i < faults->n; i++)
		if (!faults->items[i].warning)
			fprintf(stderr, "dpwatch-neutron: %s: %s\n", faults->items[i].path,
			    faults->items[i].reason);
}

int
program_import(struct program *program)
{
	struct import import = { .program = program };
	struct topo_faults faults = { 0 };
	bool good = run(&import, &faults);

	tell_faults(&faults);
	if (!good)
		fprintf(stderr, "dpwatch-neutron: %s\n", import.error);
	topo_faults_release(&faults);
	if (import.has_hosts)
		hosts_file_release(&import.hosts);
	json_decref(import.map);
	json_decref(import.ports);
	json_decref(import.ids);
	web_free(import.web);
	session_free(import.session);
	if (import.loop)
		loop_free(import.loop);
	free(import.api_url);
	free(import.api_socket);
	return good ? 0 : 1;
}
