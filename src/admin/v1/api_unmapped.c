/*
 * /v1/unmapped: who speaks and is not in the map, what it may be, and the JSON that would map it.
 */
#include <stdlib.h>
#include <string.h>

#include "admin/api_call.h"
#include "admin/api_json.h"
#include "admin/unmapped_map.h"

/* A name for a switch that told none: its address, in which a colon would end the name. */
static void
name_for(const struct unmapped_sender *sender, char *buf, size_t size)
{
	char address[ADDR_TEXT_MAX];

	addr_format(&sender->addr, address);
	slice_copy(slice_of(sender->host[0] != '\0' ? sender->host : address), buf, size);
	for (char *p = buf; *p; p++)
		if (*p == ':' || *p == '%')
			*p = '-';
}

/* ---- what is missing ---- */

/* The switch of the map that it is by now, by its address, or by its name where a relay passed it on. */
static uint32_t
switch_of(const struct topo *topo, const struct unmapped_sender *sender)
{
	return sender->host_names ? topo_switch_by_hostname(topo, slice_of(sender->host))
				  : topo_switch_by_addr(topo, &sender->addr);
}

static bool
in_map(const struct topo *topo, uint32_t sw, const struct unmapped_interface *interface)
{
	if (sw == TOPO_NONE)
		return false;
	return (interface->name[0] != '\0'
		       ? topo_interface_named(topo, sw, slice_of(interface->name))
		       : topo_interface_by_index(topo, sw, interface->if_index)) != TOPO_NONE;
}

/* Whether a map that came since has it, and all interfaces that it spoke of. */
static bool
is_mapped(const struct topo *topo, const struct unmapped_sender *sender)
{
	const uint32_t sw = switch_of(topo, sender);

	for (size_t i = 0; i < sender->n_interfaces; i++)
		if (!in_map(topo, sw, &sender->interfaces[i]))
			return false;
	return sw != TOPO_NONE;
}

/* Those that are not in the map, at most UNMAPPED_MAX. */
static size_t
gather_senders(const struct api *api, const struct unmapped_sender **ret_senders)
{
	size_t n = 0;

	for (size_t i = 0; i < unmapped_n(api->unmapped) && n < UNMAPPED_MAX; i++) {
		const struct unmapped_sender *sender = unmapped_get(api->unmapped, i);
		if (!is_mapped(engine_topo(api->engine), sender))
			ret_senders[n++] = sender;
	}
	return n;
}

size_t
api_n_unmapped(const struct api *api)
{
	const struct unmapped_sender *senders[UNMAPPED_MAX];

	return gather_senders(api, senders);
}

/* ---- a guess ---- */

/* What a sender may be, of what the map knows. */
struct guess {
	uint32_t sw; /* TOPO_NONE: nobody known */
	bool relay;  /* it speaks for sw, rather than being it */
};

/*
 * Who calls itself like a switch of the map is that switch at another address. Who says that somebody else spoke, or speaks
 * under the names of several, is a relay.
 */
static struct guess
guess_of(const struct api *api, const struct unmapped_sender *sender)
{
	const struct topo *topo = engine_topo(api->engine);
	struct guess guess = { topo_switch_by_addr(topo, &sender->claim), true };

	if (sender->has_claim && guess.sw != TOPO_NONE)
		return guess;
	guess.sw = topo_switch_by_hostname(topo, slice_of(sender->host));
	guess.relay = false;
	for (size_t i = 0; i < unmapped_n(api->unmapped) && guess.sw != TOPO_NONE; i++) {
		const struct unmapped_sender *other = unmapped_get(api->unmapped, i);
		uint32_t sw = addr_eq(&other->addr, &sender->addr)
				  ? topo_switch_by_hostname(topo, slice_of(other->host))
				  : TOPO_NONE;
		guess.relay = guess.relay || (sw != TOPO_NONE && sw != guess.sw);
	}
	return guess;
}

static json_t *
guess_json(const struct api *api, struct guess guess)
{
	const struct topo *topo = engine_topo(api->engine);

	if (guess.sw == TOPO_NONE)
		return json_null();
	const char *name = topo_text_get(topo, topo_switch_get(topo, guess.sw)->name);
	return json_sprintf(
	    guess.relay ? "a relay that speaks for %s? (trusted_relays)" : "another address of %s?",
	    name);
}

/* ---- the JSON that would map it ---- */

static json_t *
addresses_json(const struct topo *topo, uint32_t sw, const struct addr *more)
{
	json_t *list = json_array();
	char text[ADDR_TEXT_MAX];

	if (sw != TOPO_NONE) {
		struct topo_range range = topo_switch_get(topo, sw)->addresses;
		for (uint32_t i = 0; i < range.n; i++)
			json_array_append_new(list,
			    json_string(addr_format(topo_address(topo, range.first + i), text)));
	}
	json_array_append_new(list, json_string(addr_format(more, text)));
	return list;
}

static json_t *
interfaces_json(const struct topo *topo, uint32_t sw, const struct unmapped_sender *sender)
{
	json_t *list = json_array();

	for (size_t i = 0; i < sender->n_interfaces; i++) {
		const struct unmapped_interface *interface = &sender->interfaces[i];
		if (in_map(topo, sw, interface))
			continue;
		json_t *object = json_object();
		json_object_set_new(object, "name",
		    interface->name[0] != '\0' ? api_json_text(interface->name)
					       : json_sprintf("ifIndex%u", interface->if_index));
		if (interface->if_index > 0)
			json_object_set_new(object, "if_index", json_integer(interface->if_index));
		json_array_append_new(list, object);
	}
	return list;
}

/*
 * The part of a topology document that would map the sender: a new switch, another address of one, or more interfaces for
 * one that is in the map already.
 */
static json_t *
map_json(const struct api *api, const struct unmapped_sender *sender, struct guess guess)
{
	const struct topo *topo = engine_topo(api->engine);
	uint32_t sw = switch_of(topo, sender);
	bool known = sw != TOPO_NONE;
	json_t *object = json_object(), *interfaces = interfaces_json(topo, sw, sender);
	char name[UNMAPPED_TEXT];

	if (!known && !guess.relay)
		sw = guess.sw;
	name_for(sender, name, sizeof(name));
	json_object_set_new(object, "name",
	    api_json_text(
		sw == TOPO_NONE ? name : topo_text_get(topo, topo_switch_get(topo, sw)->name)));
	if (!known && sender->host_names)
		json_object_set_new(
		    object, "hostnames", json_pack("[o]", api_json_text(sender->host)));
	else if (!known)
		json_object_set_new(object, "addresses", addresses_json(topo, sw, &sender->addr));
	if (json_array_size(interfaces) > 0)
		json_object_set(object, "interfaces", interfaces);
	json_decref(interfaces);
	return json_pack("{s:[o]}", "switches", object);
}

/* ---- senders ---- */

static json_t *
sender_json(const struct api *api, const struct unmapped_sender *sender)
{
	bool known = switch_of(engine_topo(api->engine), sender) != TOPO_NONE;
	struct guess guess = known ? (struct guess){ TOPO_NONE, false } : guess_of(api, sender);
	char address[ADDR_TEXT_MAX];

	return json_pack(
	    "{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:b, s:o, s:o}",
	    "address", addr_format(&sender->addr, address), "source",
	    link_source_names[sender->source], "host", api_json_text_or_null(sender->host),
	    "interface", api_json_text_or_null(sender->interface), "if_index",
	    api_json_number_or_null(sender->if_index), "word",
	    api_json_text_or_null(link_word_names[sender->word]), "reason",
	    api_json_text_or_null(link_reason_names[sender->reason]), "rule",
	    api_json_text_or_null(sender->rule), "first_seen", api_json_time(sender->first_us),
	    "last_seen", api_json_time(sender->last_us), "count", (json_int_t)sender->count,
	    "interfaces", (json_int_t)sender->n_interfaces, "switch_is_mapped", known, "guess",
	    guess_json(api, guess), "map", map_json(api, sender, guess));
}

static int
compare_last_seen(const void *a, const void *b)
{
	const struct unmapped_sender *x = *(const struct unmapped_sender *const *)a;
	const struct unmapped_sender *y = *(const struct unmapped_sender *const *)b;

	return (x->last_us < y->last_us) - (x->last_us > y->last_us);
}

/* ---- interfaces of switches of the map ---- */

static json_t *
interface_json(const struct engine_interface_view *view)
{
	return json_pack("{s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:{s:[{s:o, s:[{s:o}]}]}}", "switch",
	    api_json_text(view->switch_name), "interface", api_json_text(view->name), "word",
	    view->oper_up ? "up" : "down", "reason",
	    api_json_text_or_null(link_reason_names[view->reason]), "source",
	    api_json_text_or_null(link_source_names[view->source]), "since",
	    api_json_time(view->since_us), "last_seen", api_json_time(view->heard_us), "map",
	    "switches", "name", api_json_text(view->switch_name), "interfaces", "name",
	    api_json_text(view->name));
}

/* Those that a switch of the map spoke of, and the map does not name; of many the first. */
static json_t *
extra_interfaces_json(const struct api *api, uint32_t *ret_more)
{
	uint32_t n = engine_n_interfaces(api->engine);
	json_t *list = json_array();

	*ret_more = 0;
	for (uint32_t i = topo_n_interfaces(engine_topo(api->engine)); i < n; i++) {
		struct engine_interface_view view;
		engine_interface_view(api->engine, i, &view);
		if (view.mapped || !view.heard)
			continue;
		if (json_array_size(list) == API_PAGE_MAX)
			++*ret_more;
		else
			json_array_append_new(list, interface_json(&view));
	}
	return list;
}

void
api_unmapped_list(struct api_call *call)
{
	const struct unmapped *unmapped = call->api->unmapped;
	const struct unmapped_sender *senders[UNMAPPED_MAX];
	json_t *list;

	if (!api_params_known(call, (const char *const[]){ NULL }))
		return;
	const size_t n = gather_senders(call->api, senders);
	qsort(senders, n, sizeof(senders[0]), compare_last_seen);
	list = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, sender_json(call->api, senders[i]));
	json_t *map = json_pack("{s:o}", "switches", unmapped_map_merge(list));
	uint32_t more;
	json_t *interfaces = extra_interfaces_json(call->api, &more);
	api_reply(call->response, 200,
	    json_pack("{s:o, s:o, s:I, s:o, s:I, s:o, s:I}", "unmapped", list, "map", map,
		"evicted", (json_int_t)unmapped_evicted(unmapped), "interfaces", interfaces,
		"interfaces_more", (json_int_t)more, "lines",
		api_suspects_json(call->api->suspects), "lines_evicted",
		(json_int_t)suspects_evicted(call->api->suspects)));
}
