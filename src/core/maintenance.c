#include "core/maintenance.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/timeutil.h"

struct window {
	char *name, *by, *note;
	int64_t at_us, until_us, until_ns;
};

struct maintenance {
	struct window *windows;
	size_t n, room; /* ordered by name */
	bool changed;
};

struct maintenance *
maintenance_new(void)
{
	return calloc(1, sizeof(struct maintenance));
}

static void
window_release(struct window *window)
{
	free(window->name);
	free(window->by);
	free(window->note);
}

void
maintenance_free(struct maintenance *maintenance)
{
	if (!maintenance)
		return;
	for (size_t i = 0; i < maintenance->n; i++)
		window_release(&maintenance->windows[i]);
	free(maintenance->windows);
	free(maintenance);
}

/* ---- windows ---- */

/* The place of that name: its window's, or where one would stand. */
static size_t
place(const struct maintenance *maintenance, const char *name)
{
	size_t low = 0, high = maintenance->n;

	while (low < high) {
		size_t middle = (low + high) / 2;
		if (strcmp(maintenance->windows[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool
is_at(const struct maintenance *maintenance, size_t i, const char *name)
{
	return i < maintenance->n && strcmp(maintenance->windows[i].name, name) == 0;
}

static bool
holds(const struct maintenance *maintenance, const char *name)
{
	return is_at(maintenance, place(maintenance, name), name);
}

/* Room for one more. */
static int
make_room(struct maintenance *maintenance)
{
	if (maintenance->n == MAINTENANCE_MAX)
		return -ENOSPC;
	if (maintenance->n < maintenance->room)
		return 0;
	size_t room = maintenance->room * 2 + 8;
	struct window *windows = realloc(maintenance->windows, room * sizeof(*windows));
	if (!windows)
		return -ENOMEM;
	maintenance->windows = windows;
	maintenance->room = room;
	return 0;
}

int
maintenance_add(struct maintenance *maintenance, const struct maintenance_window *window,
    struct engine_time time)
{
	const size_t i = place(maintenance, window->name);
	const bool there = is_at(maintenance, i, window->name);
	int r = there ? 0 : make_room(maintenance);

	if (window->until_us <= time.wall_us)
		return -EINVAL;
	if (r != 0)
		return r;
	int64_t left_us = window->until_us - time.wall_us;
	struct window made = {
		.name = strdup(window->name),
		.by = strdup(window->by),
		.note = strdup(window->note),
		.at_us = window->at_us,
		.until_us = window->until_us,
		.until_ns = left_us > INT64_MAX / 4000 ? INT64_MAX : time.now_ns + left_us * 1000,
	};
	if (!made.name || !made.by || !made.note) {
		window_release(&made);
		return -ENOMEM;
	}
	if (there)
		window_release(&maintenance->windows[i]);
	else
		memmove(&maintenance->windows[i + 1], &maintenance->windows[i],
		    (maintenance->n++ - i) * sizeof(*maintenance->windows));
	maintenance->windows[i] = made;
	maintenance->changed = true;
	return 0;
}

static void
drop(struct maintenance *maintenance, size_t i)
{
	window_release(&maintenance->windows[i]);
	memmove(&maintenance->windows[i], &maintenance->windows[i + 1],
	    (maintenance->n - i - 1) * sizeof(*maintenance->windows));
	maintenance->n--;
	maintenance->changed = true;
}

bool
maintenance_remove(struct maintenance *maintenance, const char *name)
{
	size_t i = place(maintenance, name);

	if (!is_at(maintenance, i, name))
		return false;
	drop(maintenance, i);
	return true;
}

void
maintenance_expire(struct maintenance *maintenance, int64_t now_ns)
{
	for (size_t i = maintenance->n; i-- > 0;)
		if (maintenance->windows[i].until_ns <= now_ns)
			drop(maintenance, i);
}

bool
maintenance_take_changed(struct maintenance *maintenance)
{
	bool changed = maintenance->changed;

	maintenance->changed = false;
	return changed;
}

size_t
maintenance_n(const struct maintenance *maintenance)
{
	return maintenance->n;
}

void
maintenance_get(
    const struct maintenance *maintenance, size_t i, struct maintenance_window *ret_window)
{
	const struct window *window = &maintenance->windows[i];

	*ret_window = (struct maintenance_window){ window->name, window->by, window->note,
		window->at_us, window->until_us };
}

/* ---- who is covered ---- */

bool
maintenance_covers_switch(
    const struct maintenance *maintenance, const struct topo *topo, uint32_t sw)
{
	return maintenance->n > 0 &&
	       holds(maintenance, topo_text_get(topo, topo_switch_get(topo, sw)->name));
}

static bool
covers_interface(const struct maintenance *maintenance, const struct topo *topo, uint32_t interface)
{
	return maintenance_covers_switch(
	    maintenance, topo, topo_interface_get(topo, interface)->sw);
}

/* Its host, or a switch of one of its attachments. */
static bool
covers_place(const struct maintenance *maintenance, const struct topo *topo, uint32_t port)
{
	const struct topo_group *group = topo_group_get(topo, topo_port_get(topo, port)->group);
	bool covered =
	    group->host != TOPO_NONE &&
	    holds(maintenance, topo_text_get(topo, topo_host_get(topo, group->host)->name));
	for (uint32_t i = 0; i < group->attachments.n && !covered; i++)
		covered = covers_interface(
		    maintenance, topo, topo_attachment(topo, group->attachments.first + i));
	return covered;
}

/* An uplink is told by either end, and a member of an aggregate tells of the aggregate's links. */
static bool
covers_links(const struct maintenance *maintenance, const struct topo *topo, uint32_t interface)
{
	const struct topo_interface *row = topo_interface_get(topo, interface);
	bool covered = covers_interface(maintenance, topo, interface);

	for (uint32_t i = 0; i < row->links.n && !covered; i++) {
		const struct topo_link *link =
		    topo_link_get(topo, topo_link_of_interface(topo, row->links.first + i));
		covered = covers_interface(maintenance, topo, link->a) ||
			  covers_interface(maintenance, topo, link->b);
	}
	return covered ||
	       (row->aggregate != TOPO_NONE && covers_links(maintenance, topo, row->aggregate));
}

bool
maintenance_covers(
    const struct maintenance *maintenance, const struct topo *topo, const struct dp_change *change)
{
	if (maintenance->n == 0)
		return false;
	uint32_t port = topo_port_find(topo, change->port_id);
	if (port != TOPO_NONE && covers_place(maintenance, topo, port))
		return true;
	uint32_t sw = topo_switch_find(topo, slice_of(change->switch_name));
	if (sw == TOPO_NONE)
		return false;
	uint32_t interface = topo_interface_find(topo, sw, slice_of(change->interface_name));
	return interface == TOPO_NONE ? maintenance_covers_switch(maintenance, topo, sw)
				      : covers_links(maintenance, topo, interface);
}

bool
maintenance_covers_port(const struct maintenance *maintenance, const struct topo *topo,
    const struct engine_port_view *port)
{
	struct dp_change told = {
		.switch_name = port->dp_down ? port->switch_name : "",
		.interface_name = port->dp_down ? port->interface_name : "",
	};

	memcpy(told.port_id, port->id, sizeof(told.port_id));
	return maintenance_covers(maintenance, topo, &told);
}

/* ---- as a document ---- */

json_t *
maintenance_to_json(const struct maintenance *maintenance)
{
	json_t *list = json_array();
	char since[TIMEUTIL_TEXT], until[TIMEUTIL_TEXT];

	for (size_t i = 0; i < maintenance->n; i++) {
		const struct window *window = &maintenance->windows[i];
		timeutil_format(window->at_us, since);
		timeutil_format(window->until_us, until);
		json_array_append_new(
		    list, json_pack("{s:s, s:s, s:s, s:s, s:s}", "name", window->name, "by",
			      window->by, "note", window->note, "since", since, "until", until));
	}
	return list;
}

static bool
take(struct maintenance *maintenance, const json_t *item, struct engine_time time)
{
	struct maintenance_window window;
	const char *since, *until;

	if (json_unpack((json_t *)item, "{s:s, s:s, s:s, s:s, s:s}", "name", &window.name, "by",
		&window.by, "note", &window.note, "since", &since, "until", &until) != 0 ||
	    !timeutil_parse(slice_of(since), &window.at_us) ||
	    !timeutil_parse(slice_of(until), &window.until_us))
		return false;
	int r = maintenance_add(maintenance, &window, time);
	return r == 0 || r == -EINVAL;
}

bool
maintenance_from_json(
    struct maintenance *maintenance, const json_t *document, struct engine_time time)
{
	struct maintenance *read = json_is_array(document) ? maintenance_new() : NULL;
	bool good = read != NULL;

	for (size_t i = 0; good && i < json_array_size(document); i++)
		good = take(read, json_array_get(document, i), time);
	for (size_t i = 0; good && i < read->n; i++) {
		struct maintenance_window window;
		maintenance_get(read, i, &window);
		good = maintenance_add(maintenance, &window, time) == 0;
	}
	maintenance_free(read);
	return good;
}
