/*
 * The new map, made by the same core as that of `dpwatch topology import neutron`.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/import_neutron.h"
#include "import.h"

#define HOSTS_MOST ((size_t)256 << 20)

/* So many ports that were left out are told one by one. */
#define REJECTS_TOLD 20

bool
import_read_hosts(struct import *import, struct topo_faults *faults)
{
	const char *path = import->program->config.neutron.hosts_file;
	FILE *file = path ? fopen(path, "re") : NULL;
	struct stat stat;
	char *text;

	if (!path)
		return true;
	if (!file || fstat(fileno(file), &stat) != 0 || stat.st_size > (off_t)HOSTS_MOST) {
		import_refuse(import, "[neutron] hosts_file %.200s: %s", path, strerror(errno));
		if (file)
			fclose(file);
		return false;
	}
	text = malloc((size_t)stat.st_size + 1);
	size_t len = text ? fread(text, 1, (size_t)stat.st_size, file) : 0;
	int r = text ? hosts_file_parse(&import->hosts, (struct slice){ text, len }, path, faults)
		     : -ENOMEM;
	free(text);
	fclose(file);
	import->has_hosts = r == 0;
	return r == 0 ? true
		      : import_refuse(import, "[neutron] hosts_file %.200s is not good", path);
}

static void
tell_report(const struct import_report *report)
{
	size_t n = report->n_rejects < REJECTS_TOLD ? report->n_rejects : REJECTS_TOLD;

	for (size_t i = 0; i < n; i++)
		fprintf(stderr, "left out: %s: %s\n",
		    *report->rejects[i].id ? report->rejects[i].id : report->rejects[i].where,
		    report->rejects[i].reason);
	if (report->n_rejects > n)
		fprintf(stderr, "left out: %zu more\n", report->n_rejects - n);
	for (size_t i = 0; i < report->n_notes && i < REJECTS_TOLD; i++)
		fprintf(stderr, "note: %s\n", report->notes[i]);
	printf(
	    "%u ports mapped, %zu left out\n", import_report_n_mapped(report), report->n_rejects);
}

json_t *
import_document(struct import *import, struct topo_faults *faults)
{
	const struct import_base base = { .document = import->map,
		.path = "the daemon's map",
		.hosts = import->has_hosts ? &import->hosts : NULL,
		.hosts_path = import->program->config.neutron.hosts_file };
	struct import_report report = { 0 };
	json_t *list = json_array(), *source = json_pack("{s:o}", "ports", list), *document = NULL,
	       *port;
	const char *id;

	json_object_foreach(import->ports, id, port) json_array_append(list, port);
	char *text = json_dumps(source, JSON_COMPACT);
	json_decref(source);
	int r = text ? import_neutron(slice_of(text), "Neutron", &base, &document, &report, faults)
		     : -ENOMEM;
	free(text);
	if (r != 0) {
		import_refuse(import, "%s", r == -ENOMEM ? "out of memory" : "nothing is imported");
		return NULL;
	}
	tell_report(&report);
	import_report_release(&report);
	return document;
}

/* ---- does it change anything? ---- */

/* A list as an object by what its elements are called. */
static json_t *
by_name(const json_t *list)
{
	json_t *object = json_object(), *element;
	size_t i;

	json_array_foreach(list, i, element)
	{
		const char *name = json_string_value(json_object_get(element, "name"));
		const char *id = json_string_value(json_object_get(element, "id"));
		const char *a = json_string_value(json_object_get(element, "a"));
		const char *b = json_string_value(json_object_get(element, "b"));
		char key[1200];
		snprintf(key, sizeof(key), "%s|%s",
		    id     ? id
		    : name ? name
		    : a    ? a
			   : "",
		    a && b ? b : "");
		json_object_set(object, key, element);
	}
	return object;
}

bool
import_is_same(const json_t *a, const json_t *b)
{
	static const char *const kinds[] = { "switches", "links", "hosts", "ports" };
	bool same = true;

	for (size_t i = 0; same && i < 4; i++) {
		json_t *x = by_name(json_object_get(a, kinds[i]));
		json_t *y = by_name(json_object_get(b, kinds[i]));
		same = json_equal(x, y);
		json_decref(x);
		json_decref(y);
	}
	return same;
}
