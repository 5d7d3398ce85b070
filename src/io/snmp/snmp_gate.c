#include "io/snmp_gate.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/snmp_peek.h"
#include "io/secret_file.h"

/* RFC 3584 and net-snmp: an OCTET STRING of up to 255. */
#define COMMUNITY_MAX 255

/* A copy of one community, read from its file where it has one. NULL with a message in error. */
static char *
copy_community(const char *text, char *error, size_t size)
{
	char why[PATH_MAX + 128], secret[COMMUNITY_MAX + 1];
	char *copy = NULL;

	if (!slice_starts(slice_of(text), "file:"))
		copy = strdup(text);
	else if (secret_file_read(
		     text + strlen("file:"), secret, sizeof(secret), why, sizeof(why)) == 0) {
		copy = strdup(secret);
		explicit_bzero(secret, sizeof(secret));
	} else {
		snprintf(error, size, "[snmp] community: %s", why);
		return NULL;
	}
	if (copy == NULL)
		snprintf(error, size, "out of memory");
	return copy;
}

int
snmp_gate_open(const struct config *config, struct snmp_gate *ret_gate, char *error, size_t size)
{
	const struct config_list *communities = &config->snmp.community;
	const struct config_nets *allow = &config->snmp.allow;
	struct snmp_gate gate = { NULL, 0, NULL, 0 };

	gate.communities = calloc(communities->n + 1, sizeof(*gate.communities));
	gate.allow = calloc(allow->n + 1, sizeof(*gate.allow));
	if (gate.communities == NULL || gate.allow == NULL) {
		snprintf(error, size, "out of memory");
		goto fail;
	}
	for (; gate.n_communities < communities->n; gate.n_communities++) {
		char *copy = copy_community(communities->items[gate.n_communities], error, size);
		if (copy == NULL)
			goto fail;
		gate.communities[gate.n_communities] = slice_of(copy);
	}
	for (; gate.n_allow < allow->n; gate.n_allow++)
		gate.allow[gate.n_allow] = allow->items[gate.n_allow];
	*ret_gate = gate;
	return 0;
fail:
	snmp_gate_release(&gate);
	return -1;
}

void
snmp_gate_release(struct snmp_gate *gate)
{
	for (size_t i = 0; i < gate->n_communities; i++) {
		char *community = (char *)(uintptr_t)gate->communities[i].data;
		explicit_bzero(community, gate->communities[i].len);
		free(community);
	}
	free(gate->communities);
	free(gate->allow);
	*gate = (struct snmp_gate){ NULL, 0, NULL, 0 };
}

bool
snmp_gate_allows(const struct snmp_gate *gate, const struct addr *sender)
{
	for (size_t i = 0; i < gate->n_allow; i++)
		if (addr_net_holds(&gate->allow[i], sender))
			return true;
	return gate->n_allow == 0;
}

bool
snmp_gate_knows(const struct snmp_gate *gate, struct slice community)
{
	bool known = false;

	for (size_t i = 0; i < gate->n_communities; i++)
		known |= snmp_secret_eq(gate->communities[i], community);
	return known;
}
