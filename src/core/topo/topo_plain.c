/*
 * topo_plain: ports as they mostly stand in Redis, taken without a JSON value for each.
 *
 * A map has a million ports and few of anything else, and most of them are one flat object of plain strings: {"id", "name",
 * "project_id", "host"}. Such a text is taken here; whatever is not exactly that, or has the least thing wrong with it, is
 * left to jansson and to record_port(), which know every form and tell every fault. So this file has no fault to tell.
 */
#include <string.h>

#include "core/topo_build.h"

enum { PLAIN_ID, PLAIN_NAME, PLAIN_PROJECT_ID, PLAIN_HOST, PLAIN_N };
static const char *const plain_names[PLAIN_N] = {
	[PLAIN_ID] = "id",
	[PLAIN_NAME] = "name",
	[PLAIN_PROJECT_ID] = "project_id",
	[PLAIN_HOST] = "host",
};

/* Takes this character, and blanks before it. */
static bool
take(struct slice *text, char c)
{
	while (text->len > 0 && *text->data == ' ')
		*text = slice_from(*text, 1);
	if (text->len == 0 || *text->data != c)
		return false;
	*text = slice_from(*text, 1);
	return true;
}

/* A string of printable ASCII, without escapes, at most as long as a name may be. */
static bool
take_string(struct slice *text, struct slice *ret_string)
{
	size_t len = 0;

	if (!take(text, '"'))
		return false;
	while (len < text->len && text->data[len] >= ' ' && text->data[len] <= '~' &&
	       text->data[len] != '"' && text->data[len] != '\\')
		len++;
	*ret_string = slice_first(*text, len);
	*text = slice_from(*text, len);
	return len <= TOPO_NAME_MAX && take(text, '"');
}

static int
member_of(struct slice name)
{
	for (int i = 0; i < PLAIN_N; i++)
		if (slice_eq_str(name, plain_names[i]))
			return i;
	return -1;
}

static bool
take_object(struct slice text, struct slice ret_got[PLAIN_N])
{
	struct slice name, value;

	if (!take(&text, '{'))
		return false;
	do {
		if (!take_string(&text, &name) || !take(&text, ':') || !take_string(&text, &value))
			return false;
		int i = member_of(name);
		if (i < 0 || ret_got[i].data)
			return false;
		ret_got[i] = value;
	} while (take(&text, ','));
	return take(&text, '}') && text.len == 0;
}

/* Its id, if the record says one that is also the field's name. */
static bool
read_id(struct slice key, struct slice text, uint8_t ret_id[16])
{
	char id[PORT_ID_TEXT];

	return port_id_parse(text, ret_id) && slice_eq_str(key, port_id_format(ret_id, id));
}

void
plain_port_read(
    const struct topo_builder *b, struct slice key, struct slice text, struct plain_port *ret_port)
{
	struct slice got[PLAIN_N] = { { NULL, 0 } };

	ret_port->is_plain = take_object(text, got) && got[PLAIN_HOST].data && got[PLAIN_ID].data &&
			     read_id(key, got[PLAIN_ID], ret_port->id);
	if (!ret_port->is_plain)
		return;
	ret_port->name = got[PLAIN_NAME];
	ret_port->project_id = got[PLAIN_PROJECT_ID];
	ret_port->host = got[PLAIN_HOST];
	ret_port->id_hash = topo_hash_port(ret_port->id);
	ret_port->host_hash = topo_hash_text(ret_port->host);
	htab_prefetch(&b->topo->by_port, ret_port->id_hash);
	htab_prefetch(&b->topo->by_host, ret_port->host_hash);
}

bool
plain_port_take(struct topo_builder *b, const struct plain_port *plain)
{
	struct topo_port port = { .group = TOPO_NONE };

	if (!plain->is_plain ||
	    htab_find(&b->topo->by_port, plain->id_hash, plain->id) != HTAB_NONE)
		return false;
	uint32_t host = htab_find(&b->topo->by_host, plain->host_hash, &plain->host);
	if (host != HTAB_NONE)
		port.group = build_group_find(b, host, 0);
	if (port.group == TOPO_NONE)
		return false;
	memcpy(port.id, plain->id, sizeof(port.id));
	port.name = build_text(b, plain->name, false);
	port.project_id = build_text(b, plain->project_id, true);
	build_port(b, &port);
	return true;
}
