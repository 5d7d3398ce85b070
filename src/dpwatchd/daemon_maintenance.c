/*
 * Maintenance windows outlive a restart: they are kept in a file of state_dir, written at each change.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon.h"
#include "util/files.h"

#define FILE_MAX (4 << 20)

static void
path_of(const struct daemon *daemon, char *buf, size_t size)
{
	snprintf(buf, size, "%s/maintenance.json", daemon->config.daemon.state_dir);
}

void
daemon_load_maintenance(struct daemon *daemon)
{
	char path[512], *text;
	size_t len;

	path_of(daemon, path, sizeof(path));
	int r = files_read(path, FILE_MAX, &text, &len);
	if (r == -ENOENT)
		return;
	if (r != 0) {
		log_error("maintenance: %s: %s: no window is in force", path, strerror(-r));
		return;
	}
	json_t *document = json_loadb(text, len, 0, NULL);
	free(text);
	/* Windows say nothing about what is down: without them everything goes on, only not announced. */
	if (!maintenance_from_json(daemon->maintenance, document, loop_now(daemon->loop)))
		log_error(
		    "maintenance: %s is not what dpwatch wrote: all windows are forgotten", path);
	json_decref(document);
	maintenance_take_changed(daemon->maintenance);
}

void
daemon_keep_maintenance(struct daemon *daemon)
{
	maintenance_expire(daemon->maintenance, loop_now(daemon->loop).now_ns);
	if (!maintenance_take_changed(daemon->maintenance))
		return;
	json_t *document = maintenance_to_json(daemon->maintenance);
	char *text = document ? json_dumps(document, JSON_INDENT(1)) : NULL;
	char path[512];

	path_of(daemon, path, sizeof(path));
	int r = text ? files_replace(path, text, 0600) : -ENOMEM;
	if (r != 0)
		log_error("maintenance: %s: %s: the windows will not outlive a restart", path,
		    strerror(-r));
	else
		log_info("maintenance: %zu windows", maintenance_n(daemon->maintenance));
	free(text);
	json_decref(document);
}
