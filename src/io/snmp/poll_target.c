#include "io/poll_target.h"

#include <jansson.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/secret_file.h"
#include "io/snmp_v3_users.h"

#define SNMP_PORT 161

/* What the topology says of polling this switch. The caller frees it; NULL: nothing. */
static json_t *
own_settings(const struct topo *topo, uint32_t sw)
{
	const topo_text text = topo_switch_get(topo, sw)->poll;

	return text == 0 ? NULL : json_loads(topo_text_get(topo, text), 0, NULL);
}

/* What it says of credentials: they are borrowed from `own` and the configuration; NULL: none. */
struct credentials {
	const char *user, *community;
};

static struct credentials
credentials_of(const json_t *own, const struct config *config)
{
	const struct credentials of_switch = {
		.user = json_string_value(json_object_get(own, "user")),
		.community = json_string_value(json_object_get(own, "community")),
	};

	if (of_switch.user || of_switch.community)
		return of_switch;
	return (struct credentials){ config->snmp.poll_user, config->snmp.poll_community };
}

bool
poll_target_wanted(const struct topo *topo, uint32_t sw, const struct config *config)
{
	json_t *own = own_settings(topo, sw);
	const struct credentials credentials = credentials_of(own, config);
	const bool wanted = credentials.user || credentials.community;

	json_decref(own);
	return wanted;
}

/* ---- community ---- */

/* A community, or the file that holds it. */
static bool
take_community(const char *text, struct poll_target *target, char *why, size_t size)
{
	if (strncmp(text, "file:", 5) != 0)
		slice_copy(slice_of(text), target->community, sizeof(target->community));
	else if (secret_file_read(
		     text + 5, target->community, sizeof(target->community), why, size) != 0)
		return false;
	target->community_len = strlen(target->community);
	return true;
}

/* ---- user ---- */

/* One word is a name; more is a line. */
static bool
is_name(const char *user)
{
	return strpbrk(user, " \t") == NULL;
}

/* The line of a name that serves an engine best; NULL: none does. */
static const char *
line_of_name(const struct config_list *lines, const char *name, struct slice engine_id)
{
	const char *found = NULL;
	struct usm_user user = { .auth = USM_AUTH_NONE };
	char why[USM_USER_WHY_MAX];
	bool best = false;

	for (size_t i = 0; i < lines->n && !best; i++) {
		if (!usm_user_parse(slice_of(lines->items[i]), &user, why) ||
		    strcmp(user.name, name) != 0)
			continue;
		const struct slice of = { (const char *)user.engine_id, user.engine_id_len };
		best = of.len > 0 && slice_eq(of, engine_id);
		if (best || of.len == 0 || engine_id.len == 0)
			found = lines->items[i];
	}
	explicit_bzero(&user, sizeof(user));
	return found;
}

bool
poll_target_user(const struct poll_target *target, struct slice engine_id,
    struct usm_user *ret_user, char *why, size_t size)
{
	const bool named = is_name(target->user);
	const char *line =
	    named ? line_of_name(target->users, target->user, engine_id) : target->user;

	if (!line) {
		snprintf(why, size, "there is no [snmp] user %s%s", target->user,
		    engine_id.len > 0 ? " for its engine" : "");
		return false;
	}
	return snmp_v3_user_read(
		   named ? "[snmp] user" : "the user that polls", line, ret_user, why, size) == 0;
}

static bool
check_user(const struct config *config, char *why, size_t size)
{
	const struct poll_target target = { .user = config->snmp.poll_user,
		.users = &config->snmp.user };
	const struct slice unknown = { NULL, 0 };
	struct usm_user user;
	char cause[256];

	if (!poll_target_user(&target, unknown, &user, cause, sizeof(cause))) {
		snprintf(why, size, "[snmp] poll_user: %s", cause);
		return false;
	}
	explicit_bzero(&user, sizeof(user));
	return true;
}

static bool
check_community(const struct config *config, char *why, size_t size)
{
	struct poll_target target = { 0 };
	char cause[256];
	const bool good =
	    take_community(config->snmp.poll_community, &target, cause, sizeof(cause));

	explicit_bzero(&target, sizeof(target));
	if (!good)
		snprintf(why, size, "[snmp] poll_community: %s", cause);
	return good;
}

bool
poll_target_check(const struct config *config, char *why, size_t size)
{
	return (!config->snmp.poll_user || check_user(config, why, size)) &&
	       (!config->snmp.poll_community || check_community(config, why, size));
}

/* ---- address ---- */

static void
set_ipv4(struct poll_target *target, const struct addr *addr, uint16_t port)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&target->address;

	*in = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(port) };
	memcpy(&in->sin_addr, addr->ip + 12, sizeof(in->sin_addr));
	target->address_len = sizeof(*in);
}

static void
set_ipv6(struct poll_target *target, const struct addr *addr, uint16_t port)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&target->address;

	*in6 = (struct sockaddr_in6){
		.sin6_family = AF_INET6,
		.sin6_port = htons(port),
		.sin6_scope_id = addr->scope,
	};
	memcpy(&in6->sin6_addr, addr->ip, sizeof(in6->sin6_addr));
	target->address_len = sizeof(*in6);
}

static bool
is_ipv4(const struct addr *addr)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	return memcmp(addr->ip, mapped, sizeof(mapped)) == 0;
}

static void
set_address(struct poll_target *target, const struct addr *addr, json_int_t port)
{
	const uint16_t to = port > 0 && port <= UINT16_MAX ? (uint16_t)port : SNMP_PORT;

	if (is_ipv4(addr))
		set_ipv4(target, addr, to);
	else
		set_ipv6(target, addr, to);
}

bool
poll_target_is_of(const struct topo *topo, uint32_t sw, const struct sockaddr_storage *address)
{
	const struct topo_range addresses = topo_switch_get(topo, sw)->addresses;
	json_t *own = own_settings(topo, sw);
	json_int_t port = json_integer_value(json_object_get(own, "port"));
	bool found = false;

	json_decref(own);
	for (uint32_t i = 0; i < addresses.n && !found; i++) {
		struct poll_target target = { .address_len = 0 };
		set_address(&target, topo_address(topo, addresses.first + i), port);
		found = memcmp(&target.address, address, sizeof(*address)) == 0;
	}
	return found;
}

static bool
take_credentials(
    const struct credentials *credentials, struct poll_target *target, char *why, size_t size)
{
	const struct slice unknown = { NULL, 0 };
	struct usm_user user;

	if (!credentials->user)
		return take_community(credentials->community, target, why, size);
	target->user = strdup(credentials->user);
	if (!target->user) {
		snprintf(why, size, "out of memory");
		return false;
	}
	if (!poll_target_user(target, unknown, &user, why, size)) {
		poll_target_release(target);
		return false;
	}
	explicit_bzero(&user, sizeof(user));
	return true;
}

bool
poll_target_make(const struct topo *topo, uint32_t sw, uint32_t address,
    const struct config *config, struct poll_target *ret_target, char *why, size_t size)
{
	const struct topo_switch *row = topo_switch_get(topo, sw);
	json_t *own = own_settings(topo, sw);
	const struct credentials credentials = credentials_of(own, config);
	const json_int_t port = json_integer_value(json_object_get(own, "port"));
	bool good = false;

	*ret_target = (struct poll_target){ .users = &config->snmp.user };
	why[0] = '\0';
	if ((credentials.user || credentials.community) && row->addresses.n == 0)
		snprintf(why, size, "the topology has no address of it");
	else if (credentials.user || credentials.community)
		good = take_credentials(&credentials, ret_target, why, size);
	json_decref(own);
	if (!good)
		return false;
	set_address(ret_target,
	    topo_address(topo, row->addresses.first + address % row->addresses.n), port);
	return true;
}

void
poll_target_release(struct poll_target *target)
{
	if (target->user)
		explicit_bzero(target->user, strlen(target->user));
	free(target->user);
	explicit_bzero(target, sizeof(*target));
}
