/*
 * topo_records: links, hosts and ports of the topology document.
 */
#include <stdlib.h>
#include <string.h>

#include "core/topo_build.h"

enum { LINK_A, LINK_B, LINK_PEER, LINK_N };
static const struct member link_members[LINK_N] = {
	[LINK_A] = { "a", MEMBER_STRING, true },
	[LINK_B] = { "b", MEMBER_STRING, true },
	[LINK_PEER] = { "peer", MEMBER_BOOL, false },
};

enum { HOST_NAME, HOST_ATTACHMENTS, HOST_PHYSNETS, HOST_STRANDED, HOST_N };
static const struct member host_members[HOST_N] = {
	[HOST_NAME] = { "name", MEMBER_STRING, true },
	[HOST_ATTACHMENTS] = { "attachments", MEMBER_LIST, false },
	[HOST_PHYSNETS] = { "physnets", MEMBER_OBJECT, false },
	[HOST_STRANDED] = { "stranded", MEMBER_STRING, false },
};

enum { PORT_ID, PORT_NAME, PORT_PROJECT_ID, PORT_HOST, PORT_PHYSNET, PORT_ATTACHMENTS, PORT_N };
static const struct member port_members[PORT_N] = {
	[PORT_ID] = { "id", MEMBER_STRING, true },
	[PORT_NAME] = { "name", MEMBER_STRING, false },
	[PORT_PROJECT_ID] = { "project_id", MEMBER_STRING, false },
	[PORT_HOST] = { "host", MEMBER_STRING, false },
	[PORT_PHYSNET] = { "physnet", MEMBER_STRING, false },
	[PORT_ATTACHMENTS] = { "attachments", MEMBER_LIST, false },
};

bool
record_is_again(const struct topo_builder *b, enum topo_kind kind, uint32_t number, const char *key)
{
	return key && b->record != 0 && *rows_u32(&b->records[kind], number) == b->record;
}

static bool
port_key(const json_t *value, char id_text[PORT_ID_TEXT])
{
	const json_t *member = json_object_get(value, "id");
	uint8_t id[16];

	if (!json_is_string(member) || !port_id_parse(member_text(member), id))
		return false;
	port_id_format(id, id_text);
	return true;
}

void
record_check_key(struct topo_builder *b, enum topo_kind kind, const struct at *at, const char *key,
    const json_t *value)
{
	char id[PORT_ID_TEXT];

	/* A million ports: without an allocation for each. */
	if (!key || (kind == TOPO_PORT && port_key(value, id) && strcmp(id, key) == 0))
		return;
	char *want = topo_record_key(kind, value);
	if (!want || strcmp(want, key) != 0)
		FAULT(b, at, "stands in field \"%s\", but should in \"%s\"",
		    TEXT_QUOTE(slice_of(key)), TEXT_QUOTE(slice_of(want)));
	free(want);
}

/* ---- links ---- */

static uint32_t
link_end(struct topo_builder *b, const struct at *at, const json_t *value)
{
	struct slice text;

	if (!value || !member_reference(b, at, value, &text))
		return TOPO_NONE;
	return build_reference(b, at, text);
}

void
record_link(struct topo_builder *b, const struct at *at, const char *key, json_t *value)
{
	json_t *got[LINK_N];

	if (!members_read(b, at, value, link_members, LINK_N, got))
		return;
	struct topo_link link = {
		.a = link_end(b, AT_MEMBER(at, "a"), got[LINK_A]),
		.b = link_end(b, AT_MEMBER(at, "b"), got[LINK_B]),
		.peer = json_is_true(got[LINK_PEER]),
	};
	if (link.a == TOPO_NONE || link.b == TOPO_NONE)
		return;
	if (topo_interface_get(b->topo, link.a)->sw == topo_interface_get(b->topo, link.b)->sw) {
		FAULT(b, at, "\"%s\" and \"%s\" are on one switch: a link joins two",
		    INTERFACE_TEXT(b, link.a), INTERFACE_TEXT(b, link.b));
		return;
	}
	uint32_t known = build_link_find(b, link.a, link.b);
	if (known != TOPO_NONE) {
		if (!record_is_again(b, TOPO_LINK, known, key))
			FAULT(b, at, "duplicate: \"%s\" and \"%s\" are linked already",
			    INTERFACE_TEXT(b, link.a), INTERFACE_TEXT(b, link.b));
		return;
	}
	record_check_key(b, TOPO_LINK, at, key, value);
	build_link(b, &link);
}

/* ---- attachments: of a host, of one of its physnets, of a port ---- */

static void
add_attachment(
    struct topo_builder *b, const struct at *at, struct slice text, struct topo_range *range)
{
	uint32_t interface = build_reference(b, at, text);

	if (interface == TOPO_NONE)
		return;
	struct declared *declared = rows_at(&b->interfaces, interface);
	if (declared->list == b->list) {
		FAULT(b, at, "duplicate: \"%s\" is listed twice", INTERFACE_TEXT(b, interface));
		return;
	}
	uint32_t *row = build_row(b, &b->topo->attachments);
	if (!row)
		return;
	*row = interface;
	range->n++;
	declared->list = b->list;
	((struct topo_interface *)rows_at(&b->topo->interfaces, interface))->groups.n++;
}

/* Each list has a number, so that a double is seen at once however long the list is. */
static struct topo_range
add_attachments(struct topo_builder *b, const struct at *at, const json_t *list)
{
	struct topo_range range = { b->topo->attachments.n, 0 };
	struct slice text;

	b->list++;
	for (size_t i = 0; i < json_array_size(list); i++)
		if (member_reference(b, AT_ELEMENT(at, i), json_array_get(list, i), &text))
			add_attachment(b, AT_ELEMENT(at, i), text, &range);
	return range;
}

/* ---- hosts ---- */

static void
add_host_group(struct topo_builder *b, const struct at *at, uint32_t host, topo_text physnet,
    const json_t *list)
{
	build_group(b, &(struct topo_group){
			   .host = host,
			   .physnet = physnet,
			   .attachments = add_attachments(b, at, list),
			   .stranded_down = topo_host_get(b->topo, host)->stranded_down,
		       });
	if (json_array_size(list) == 0)
		WARNING(b, at, "is empty: the ports behind it can never be seen down");
}

static void
add_physnets(struct topo_builder *b, const struct at *at, uint32_t host, json_t *physnets)
{
	const char *name;
	json_t *list;

	json_object_foreach(physnets, name, list)
	{
		const struct at element = { at, name, 0, NULL };
		struct slice text = slice_of(name);
		if (text.len == 0 || text_has_control(text) || text_n_chars(text) > TOPO_NAME_MAX)
			FAULT(b, &element,
			    "a physnet's name has 1 to %d characters, no control characters",
			    TOPO_NAME_MAX);
		else if (!json_is_array(list))
			FAULT(b, &element, "must be an array of \"SWITCH:INTERFACE\"");
		else
			add_host_group(b, &element, host, build_text(b, text, true), list);
	}
}

static bool
stranded_is_down(struct topo_builder *b, const struct at *at, const json_t *value)
{
	static const char *const names[] = { "degraded", "down" };

	return value && member_choice(b, at, member_text(value), names, 2) == 1;
}

void
record_host(struct topo_builder *b, const struct at *at, const char *key, json_t *value)
{
	json_t *got[HOST_N];
	struct slice name;

	if (!members_read(b, at, value, host_members, HOST_N, got) || !got[HOST_NAME] ||
	    !member_name(b, AT_MEMBER(at, "name"), got[HOST_NAME], &name))
		return;
	uint32_t known = topo_host_find(b->topo, name);
	if (known != TOPO_NONE) {
		if (!record_is_again(b, TOPO_HOST, known, key))
			FAULT(b, AT_MEMBER(at, "name"), "duplicate: there is a host \"%s\" already",
			    TEXT_QUOTE(name));
		return;
	}
	record_check_key(b, TOPO_HOST, at, key, value);
	uint32_t host = build_host(b, name);
	if (host == TOPO_NONE)
		return;
	struct topo_host *row = rows_at(&b->topo->hosts, host);
	row->stranded_down = stranded_is_down(b, AT_MEMBER(at, "stranded"), got[HOST_STRANDED]);
	if (got[HOST_ATTACHMENTS])
		add_host_group(b, AT_MEMBER(at, "attachments"), host, 0, got[HOST_ATTACHMENTS]);
	if (got[HOST_PHYSNETS])
		add_physnets(b, AT_MEMBER(at, "physnets"), host, got[HOST_PHYSNETS]);
}

/* ---- ports ---- */

static void
fault_no_group(
    struct topo_builder *b, const struct at *at, struct slice host, const json_t *physnet)
{
	if (physnet)
		FAULT(b, AT_MEMBER(at, "physnet"),
		    "unknown: host \"%s\" has neither a physnet \"%s\" nor attachments",
		    TEXT_QUOTE(host), TEXT_QUOTE(member_text(physnet)));
	else
		FAULT(b, AT_MEMBER(at, "host"),
		    "host \"%s\" has no attachments: name one of its physnets, or give it some",
		    TEXT_QUOTE(host));
}

/* design.md: the host's physnets[physnet], else the host's attachments; neither there is a fault. */
static uint32_t
group_of_host(
    struct topo_builder *b, const struct at *at, const json_t *host_value, const json_t *physnet)
{
	uint32_t group = TOPO_NONE;
	struct slice name, physnet_name;

	if (!member_name(b, AT_MEMBER(at, "host"), host_value, &name))
		return TOPO_NONE;
	uint32_t host = topo_host_find(b->topo, name);
	if (host == TOPO_NONE) {
		FAULT(b, AT_MEMBER(at, "host"), "unknown host \"%s\"", TEXT_QUOTE(name));
		return TOPO_NONE;
	}
	if (physnet) {
		if (!member_name(b, AT_MEMBER(at, "physnet"), physnet, &physnet_name))
			return TOPO_NONE;
		group = build_group_find(b, host, build_text(b, physnet_name, true));
	}
	if (group == TOPO_NONE)
		group = build_group_find(b, host, 0);
	if (group == TOPO_NONE)
		fault_no_group(b, at, name, physnet);
	return group;
}

/* False too where what it says has the wrong type, which has been told. */
static bool
is_nowhere(const json_t *value)
{
	const json_t *attachments = json_object_get(value, "attachments");

	return !json_object_get(value, "host") &&
	       (!attachments || (json_is_array(attachments) && json_array_size(attachments) == 0));
}

static uint32_t
group_of_port(struct topo_builder *b, const struct at *at, const json_t *value, json_t **got)
{
	if (got[PORT_HOST] && got[PORT_ATTACHMENTS]) {
		FAULT(b, at, "has both a host and attachments: one of them says where it is");
		return TOPO_NONE;
	}
	if (got[PORT_HOST])
		return group_of_host(b, at, got[PORT_HOST], got[PORT_PHYSNET]);
	if (got[PORT_PHYSNET]) {
		FAULT(b, AT_MEMBER(at, "physnet"), "means something only beside a host");
		return TOPO_NONE;
	}
	if (is_nowhere(value))
		WARNING(b, at, "has neither host nor attachments: it can never be seen down");
	return build_group(b, &(struct topo_group){
				  .host = TOPO_NONE,
				  .attachments = add_attachments(
				      b, AT_MEMBER(at, "attachments"), got[PORT_ATTACHMENTS]),
			      });
}

/* A port's id, if it is one and new. False otherwise, with a fault unless it is the same record again. */
static bool
new_port_id(struct topo_builder *b, const struct at *at, const char *key, const json_t *value,
    uint8_t ret_id[16])
{
	struct slice text = value ? member_text(value) : (struct slice){ 0 };

	if (!value)
		return false;
	if (!port_id_parse(text, ret_id)) {
		FAULT(b, at, "\"%s\" is no UUID, such as 11111111-1111-4111-8111-111111111111",
		    TEXT_QUOTE(text));
		return false;
	}
	uint32_t known = topo_port_find(b->topo, ret_id);
	if (known == TOPO_NONE)
		return true;
	if (!record_is_again(b, TOPO_PORT, known, key))
		FAULT(b, at, "duplicate: there is a port %s already", TEXT_QUOTE(text));
	return false;
}

void
record_port(struct topo_builder *b, const struct at *at, const char *key, json_t *value)
{
	json_t *got[PORT_N];
	struct slice name = { 0 }, project_id = { 0 };
	struct topo_port port = { 0 };

	if (!members_read(b, at, value, port_members, PORT_N, got) ||
	    !new_port_id(b, AT_MEMBER(at, "id"), key, got[PORT_ID], port.id))
		return;
	record_check_key(b, TOPO_PORT, at, key, value);
	if (got[PORT_NAME])
		member_label(b, AT_MEMBER(at, "name"), got[PORT_NAME], &name);
	if (got[PORT_PROJECT_ID])
		member_label(b, AT_MEMBER(at, "project_id"), got[PORT_PROJECT_ID], &project_id);
	port.group = group_of_port(b, at, value, got);
	if (port.group == TOPO_NONE)
		return;
	port.name = build_text(b, name, false);
	port.project_id = build_text(b, project_id, true);
	build_port(b, &port);
}
