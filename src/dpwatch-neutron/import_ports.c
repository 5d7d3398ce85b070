/*
 * Neutron's ports. Where it takes changed_since, only what changed since the last time is read, and the ids of all, by which
 * those that are gone are known; the rest is kept in state_dir.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "import.h"
#include "util/log.h"
#include "util/timeutil.h"

#define FIELDS                                                                                  \
	"fields=id&fields=name&fields=project_id&fields=binding:host_id&fields=binding:profile" \
	"&fields=binding:vif_type&fields=binding:vnic_type&fields=trunk_details&fields=updated_at"
#define PAGE "&limit=500"
#define TARGET_ROOM 512

/* A transaction that was long under way shows up late with an early time. */
#define OVERLAP_US (INT64_C(120) * 1000000)

/* Once a day all is read. */
#define KEPT_FOR_US (INT64_C(24) * 3600 * 1000000)

static int64_t
wall_us(const struct import *import)
{
	return loop_now(import->loop).wall_us;
}

static bool
take_port(struct import *import, const char *id, json_t *port)
{
	int64_t at_us;

	if (timeutil_parse(
		slice_of(json_string_value(json_object_get(port, "updated_at"))), &at_us) &&
	    at_us > import->newest_us)
		import->newest_us = at_us;
	return json_object_set(import->ports, id, port) == 0;
}

static bool
take_id(struct import *import, const char *id, json_t *port)
{
	(void)port;
	return json_object_set_new(import->ids, id, json_true()) == 0;
}

/* ---- what is kept from time to time ---- */

static char *
kept_path(const struct import *import, const char *end)
{
	char *path;
	int len = asprintf(
	    &path, "%s/neutron-ports.json%s", import->program->config.daemon.state_dir, end);

	return len < 0 ? NULL : path;
}

/* False: nothing of use is kept. */
static bool
load_kept(struct import *import)
{
	char *path = kept_path(import, "");
	json_t *kept = path ? json_load_file(path, 0, NULL) : NULL;
	const char *endpoint = json_string_value(json_object_get(kept, "endpoint"));
	int64_t newest = json_integer_value(json_object_get(kept, "newest_us"));
	int64_t full = json_integer_value(json_object_get(kept, "full_us"));
	json_t *ports = json_object_get(kept, "ports");
	const char *now_endpoint = session_token(import->session)->endpoint;
	bool good = endpoint && now_endpoint && strcmp(endpoint, now_endpoint) == 0 && newest > 0 &&
		    json_is_object(ports) && full <= wall_us(import) &&
		    wall_us(import) - full < KEPT_FOR_US;

	if (good) {
		json_decref(import->ports);
		import->ports = json_incref(ports);
		import->newest_us = newest;
		import->full_us = full;
	}
	json_decref(kept);
	free(path);
	return good;
}

/* Beside the old one first, so that there is always a whole one. */
void
import_keep_ports(struct import *import)
{
	char *path = kept_path(import, ""), *new_path = kept_path(import, ".new");
	json_t *kept = json_pack("{s:s, s:I, s:I, s:O}", "endpoint",
	    session_token(import->session)->endpoint, "newest_us", (json_int_t)import->newest_us,
	    "full_us", (json_int_t)import->full_us, "ports", import->ports);
	int fd = new_path ? open(new_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;

	if (fd < 0 || !kept || json_dumpfd(kept, fd, JSON_COMPACT) != 0 || fsync(fd) != 0 ||
	    !path || rename(new_path, path) != 0)
		log_warning("%s: %s; the next import reads all ports", path ? path : "state_dir",
		    strerror(errno));
	if (fd >= 0)
		close(fd);
	json_decref(kept);
	free(path);
	free(new_path);
}

/* ---- reading ---- */

static bool
read_all(struct import *import)
{
	json_decref(import->ports);
	json_decref(import->ids);
	import->ids = NULL;
	import->ports = json_object();
	import->newest_us = 0;
	import->full_us = wall_us(import);
	return import_read_pages(import, "/v2.0/ports?" FIELDS PAGE, take_port);
}

static void
drop_gone(struct import *import)
{
	const char *id;
	json_t *port;
	void *next;

	json_object_foreach_safe(import->ports, next, id, port)
	{
		if (!json_object_get(import->ids, id))
			json_object_del(import->ports, id);
	}
}

/* Those that changed, and the ids of all. False: that does not work here. */
static bool
read_changes(struct import *import)
{
	char target[TARGET_ROOM], since[TIMEUTIL_TEXT];

	timeutil_format(import->newest_us - OVERLAP_US, since);
	/* Neutron takes seconds: "2026-11-22T10:00:00Z". */
	snprintf(target, sizeof(target), "/v2.0/ports?" FIELDS PAGE "&changed_since=%.19sZ", since);
	import->ids = json_object();
	if (!import_read_pages(import, target, take_port) ||
	    !import_read_pages(import, "/v2.0/ports?fields=id" PAGE, take_id))
		return false;
	drop_gone(import);
	return json_object_size(import->ports) == json_object_size(import->ids);
}

/* The account's endpoint is known only after a first answer. */
static bool
read_first(struct import *import)
{
	import->ids = json_object();
	bool good = import_read_pages(import, "/v2.0/ports?fields=id&limit=1&id=none", take_id);
	json_decref(import->ids);
	import->ids = NULL;
	return good;
}

bool
import_read_ports(struct import *import)
{
	if (!read_first(import))
		return false;
	if (load_kept(import)) {
		if (read_changes(import)) {
			printf("read what changed; ");
			return true;
		}
		log_info("reading all ports: %s",
		    *import->error ? import->error : "what was kept is incomplete");
	}
	return read_all(import);
}
