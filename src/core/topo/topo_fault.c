/*
 * topo_fault: the list of faults, and the path that says where each one is.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "core/topo_build.h"

#define PATH_MAX_BYTES 400
#define REASON_MAX_BYTES 400

/* Warnings may fill half of the list: a thousand of them must not hide the one fault behind them. */
static bool
has_room(const struct topo_faults *faults, bool warning)
{
	return faults->n < (warning ? TOPO_FAULTS_MAX / 2 : TOPO_FAULTS_MAX);
}

/* A member whose name is a plain word is written after a dot, any other in brackets and quotes. */
static bool
is_plain(struct slice name)
{
	static const char plain[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

	for (size_t i = 0; i < name.len; i++)
		if (!memchr(plain, name.data[i], sizeof(plain) - 1))
			return false;
	return name.len > 0;
}

/* Chains are as deep as the document's grammar, six at most. Returns the bytes written, at most size - 1. */
static size_t
write_path(const struct at *at, char *buf, size_t size)
{
	size_t used = at->up ? write_path(at->up, buf, size) : 0;
	struct slice name = slice_of(at->member);
	int n;

	if (!at->member && !at->up)
		n = snprintf(buf, size, "topology:%s %s", topo_kind_plurals[at->index],
		    text_quote(
			slice_of(at->key), (char[PATH_MAX_BYTES / 2]){ 0 }, PATH_MAX_BYTES / 2));
	else if (!at->member)
		n = snprintf(buf + used, size - used, "[%zu]", at->index);
	else if (!at->up)
		n = snprintf(buf + used, size - used, "%s",
		    text_quote(name, (char[PATH_MAX_BYTES / 2]){ 0 }, PATH_MAX_BYTES / 2));
	else if (is_plain(name))
		n = snprintf(buf + used, size - used, "%s%s", used ? "." : "", TEXT_QUOTE(name));
	else
		n = snprintf(buf + used, size - used, "[\"%s\"]", TEXT_QUOTE(name));
	used += n < 0 ? 0 : (size_t)n;
	return used < size ? used : size - 1;
}

static bool
grow(struct topo_faults *faults)
{
	if ((faults->n & (faults->n - 1)) != 0)
		return true;
	size_t room = faults->n ? faults->n * 2 : 1;
	struct topo_fault *items = realloc(faults->items, room * sizeof(*items));
	if (items)
		faults->items = items;
	return items != NULL;
}

static void
keep(struct topo_faults *faults, bool warning, const char *path, const char *reason)
{
	if (!grow(faults))
		return;
	struct topo_fault fault = { strdup(path), strdup(reason), warning };
	if (!fault.path || !fault.reason) {
		free(fault.path);
		free(fault.reason);
		return;
	}
	faults->items[faults->n++] = fault;
}

void
topo_fault_add(
    struct topo_faults *faults, bool warning, const struct at *at, const char *format, ...)
{
	char path[PATH_MAX_BYTES] = "", reason[REASON_MAX_BYTES];
	va_list args;

	if (warning)
		faults->n_warnings++;
	else
		faults->n_errors++;
	if (!has_room(faults, warning))
		return;
	write_path(at, path, sizeof(path));
	va_start(args, format);
	vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
	keep(faults, warning, path, reason);
}

int
topo_faults_copy(const struct topo_faults *faults, struct topo_faults *ret_faults)
{
	struct topo_faults copy = { .n_errors = faults->n_errors,
		.n_warnings = faults->n_warnings };

	for (size_t i = 0; i < faults->n; i++)
		keep(&copy, faults->items[i].warning, faults->items[i].path,
		    faults->items[i].reason);
	if (copy.n < faults->n) {
		topo_faults_release(&copy);
		return -ENOMEM;
	}
	*ret_faults = copy;
	return 0;
}

void
topo_faults_release(struct topo_faults *faults)
{
	for (size_t i = 0; i < faults->n; i++) {
		free(faults->items[i].path);
		free(faults->items[i].reason);
	}
	free(faults->items);
	*faults = (struct topo_faults){ 0 };
}
