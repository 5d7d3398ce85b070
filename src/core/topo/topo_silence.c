#include "core/topo_silence.h"

#include <stdbool.h>
#include <stdlib.h>

/* ---- ports ---- */

static bool
any_member_spoke(const struct topo *topo, const uint8_t *said, struct topo_range members)
{
	for (uint32_t i = 0; i < members.n; i++)
		if (said[topo_member(topo, members.first + i)] & SAID_SOMETHING)
			return true;
	return false;
}

static bool
attachment_spoke(const struct topo *topo, const uint8_t *said, uint32_t interface)
{
	const struct topo_interface *row = topo_interface_get(topo, interface);

	return (said[interface] & SAID_SOMETHING) ||
	       (row->aggregate != TOPO_NONE && (said[row->aggregate] & SAID_SOMETHING)) ||
	       any_member_spoke(topo, said, row->members);
}

static bool
group_is_silent(const struct topo *topo, const uint8_t *said, const struct topo_group *group)
{
	for (uint32_t i = 0; i < group->attachments.n; i++)
		if (attachment_spoke(
			topo, said, topo_attachment(topo, group->attachments.first + i)))
			return false;
	return group->attachments.n > 0;
}

static int
find_ports(const struct topo *topo, const uint8_t *said, struct index_list *ports)
{
	int r = 0;

	for (uint32_t g = 0; g < topo_n_groups(topo) && r == 0; g++) {
		const struct topo_group *group = topo_group_get(topo, g);
		if (!group_is_silent(topo, said, group))
			continue;
		for (uint32_t i = 0; i < group->ports.n && r == 0; i++)
			r = index_list_add(ports, topo_port_of_group(topo, group->ports.first + i));
	}
	return r;
}

/* ---- links ---- */

static bool
is_at_odds(uint8_t a, uint8_t b)
{
	return (a & SAID_SOMETHING) && (b & SAID_SOMETHING) && !((a | b) & SAID_OVERRIDDEN) &&
	       (a & SAID_DOWN) != (b & SAID_DOWN);
}

static int
find_links(const struct topo *topo, const uint8_t *said, struct index_list *links)
{
	int r = 0;

	for (uint32_t i = 0; i < topo_n_links(topo) && r == 0; i++) {
		const struct topo_link *link = topo_link_get(topo, i);
		if (is_at_odds(said[link->a], said[link->b]))
			r = index_list_add(links, i);
	}
	return r;
}

/* ---- the whole ---- */

int
topo_silence(const struct topo *topo, const uint8_t *said, struct topo_silence *ret_silence)
{
	struct topo_silence silence = { 0 };
	int r = find_ports(topo, said, &silence.ports);

	if (r == 0)
		r = find_links(topo, said, &silence.links);
	if (r == 0)
		*ret_silence = silence;
	else
		topo_silence_release(&silence);
	return r;
}

void
topo_silence_release(struct topo_silence *silence)
{
	free(silence->ports.items);
	free(silence->links.items);
	*silence = (struct topo_silence){ 0 };
}

/* ---- JSON ---- */

static json_t *
port_json(const struct topo *topo, uint32_t port)
{
	const struct topo_port *row = topo_port_get(topo, port);
	char id[PORT_ID_TEXT];

	return json_pack("{s:s, s:s}", "id", port_id_format(row->id, id), "name",
	    topo_text_get(topo, row->name));
}

static json_t *
link_json(const struct topo *topo, const uint8_t *said, uint32_t link)
{
	const struct topo_link *row = topo_link_get(topo, link);
	char a[2 * 4 * TOPO_NAME_MAX + 2], b[sizeof(a)];

	topo_interface_text(topo, row->a, a, sizeof(a));
	topo_interface_text(topo, row->b, b, sizeof(b));
	return json_pack(
	    "{s:s, s:s, s:s}", "a", a, "b", b, "down", said[row->a] & SAID_DOWN ? a : b);
}

json_t *
topo_silence_json(const struct topo *topo, const uint8_t *said, const struct topo_silence *silence)
{
	json_t *ports = json_array(), *links = json_array();

	for (size_t i = 0; i < silence->ports.n && i < TOPO_SILENCE_PORTS_LISTED; i++)
		json_array_append_new(ports, port_json(topo, silence->ports.items[i]));
	for (size_t i = 0; i < silence->links.n; i++)
		json_array_append_new(links, link_json(topo, said, silence->links.items[i]));
	return json_pack("{s:I, s:o, s:o}", "ports_unheard", (json_int_t)silence->ports.n,
	    "unheard_ports", ports, "contradicting_links", links);
}
