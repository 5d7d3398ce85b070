/*
 * A ring of slots, and chains over them by the hash of the key. Slots leave in the order in which they came; chains are
 * joined at their head, so that what leaves is the last of its chain.
 */
#include "io/snmp_waiting.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "util/htab.h"
#include "util/spares.h"

_Static_assert(sizeof(struct snmp_inform_key) == sizeof(struct addr) + 12, "no padding is hashed");

#define NO_SLOT UINT32_MAX

/* Of answers that went, for the next ones: those of some batches. */
#define SPARE_BYTES (256 * 1024)

struct slot {
	struct snmp_answer answer; /* bytes are owned */
	uint64_t ticket;
	uint32_t next; /* in its chain; NO_SLOT: none */
};

struct snmp_waiting {
	struct slot *slots; /* max; untouched pages cost nothing */
	uint32_t *chains;   /* max; the newest slot of each */
	size_t max, first, n, bytes;
	struct spares spares; /* for bytes */
	uint64_t last_ticket;
	uint64_t seed;
};

struct snmp_waiting *
snmp_waiting_new(size_t max)
{
	struct snmp_waiting *waiting = calloc(1, sizeof(*waiting));

	if (waiting == NULL)
		return NULL;
	waiting->max = max;
	waiting->spares.max_bytes = SPARE_BYTES;
	waiting->slots = calloc(max, sizeof(*waiting->slots));
	waiting->chains = malloc(max * sizeof(*waiting->chains));
	if (waiting->slots == NULL || waiting->chains == NULL) {
		snmp_waiting_free(waiting);
		return NULL;
	}
	memset(waiting->chains, 0xff, max * sizeof(*waiting->chains));
	/* Where there are no random bytes the chains still work; a sender could only make them long. */
	if (getrandom(&waiting->seed, sizeof(waiting->seed), GRND_NONBLOCK) < 0)
		waiting->seed = 0;
	return waiting;
}

void
snmp_waiting_free(struct snmp_waiting *waiting)
{
	if (waiting == NULL)
		return;
	while (waiting->n > 0)
		snmp_waiting_drop_first(waiting);
	spares_release(&waiting->spares);
	free(waiting->slots);
	free(waiting->chains);
	free(waiting);
}

static uint32_t *
chain_of(const struct snmp_waiting *waiting, const struct snmp_inform_key *key)
{
	return &waiting->chains[hash_bytes(key, sizeof(*key), waiting->seed) % waiting->max];
}

static struct slot *
find(const struct snmp_waiting *waiting, const struct snmp_inform_key *key)
{
	uint32_t i = *chain_of(waiting, key);

	while (i != NO_SLOT && memcmp(&waiting->slots[i].answer.key, key, sizeof(*key)) != 0)
		i = waiting->slots[i].next;
	return i == NO_SLOT ? NULL : &waiting->slots[i];
}

bool
snmp_waiting_has(const struct snmp_waiting *waiting, const struct snmp_inform_key *key)
{
	return find(waiting, key) != NULL;
}

static char *
copy_bytes(struct snmp_waiting *waiting, struct slice from)
{
	char *bytes = spares_take(&waiting->spares, from.len);

	if (bytes != NULL && from.len > 0)
		memcpy(bytes, from.data, from.len);
	return bytes;
}

static void
give_bytes(struct snmp_waiting *waiting, struct slice bytes)
{
	spares_give(&waiting->spares, (void *)(uintptr_t)bytes.data, bytes.len);
}

int
snmp_waiting_replace(struct snmp_waiting *waiting, const struct snmp_answer *answer)
{
	struct slot *slot = find(waiting, &answer->key);

	if (slot == NULL)
		return -ENOENT;
	size_t others = waiting->bytes - slot->answer.bytes.len;
	if (answer->bytes.len > SNMP_WAITING_BYTES_MAX - others)
		return -ENOBUFS;
	char *bytes = copy_bytes(waiting, answer->bytes);
	if (bytes == NULL)
		return -ENOMEM;
	give_bytes(waiting, slot->answer.bytes);
	slot->answer = *answer;
	slot->answer.bytes.data = bytes;
	waiting->bytes = others + answer->bytes.len;
	return 0;
}

int
snmp_waiting_add(struct snmp_waiting *waiting, uint64_t ticket, const struct snmp_answer *answer)
{
	if (waiting->n == waiting->max ||
	    answer->bytes.len > SNMP_WAITING_BYTES_MAX - waiting->bytes)
		return -ENOBUFS;
	char *bytes = copy_bytes(waiting, answer->bytes);
	if (bytes == NULL)
		return -ENOMEM;

	uint32_t i = (uint32_t)((waiting->first + waiting->n) % waiting->max);
	uint32_t *chain = chain_of(waiting, &answer->key);
	if (ticket < waiting->last_ticket)
		ticket = waiting->last_ticket;
	waiting->last_ticket = ticket;
	waiting->slots[i] = (struct slot){ .answer = *answer, .ticket = ticket, .next = *chain };
	waiting->slots[i].answer.bytes.data = bytes;
	*chain = i;
	waiting->n++;
	waiting->bytes += answer->bytes.len;
	return 0;
}

const struct snmp_answer *
snmp_waiting_first(const struct snmp_waiting *waiting, uint64_t done)
{
	if (waiting->n == 0 || waiting->slots[waiting->first].ticket > done)
		return NULL;
	return &waiting->slots[waiting->first].answer;
}

void
snmp_waiting_drop_first(struct snmp_waiting *waiting)
{
	struct slot *slot = &waiting->slots[waiting->first];
	uint32_t *link = chain_of(waiting, &slot->answer.key);

	while (*link != waiting->first)
		link = &waiting->slots[*link].next;
	*link = slot->next;
	waiting->bytes -= slot->answer.bytes.len;
	waiting->n--;
	waiting->first = (waiting->first + 1) % waiting->max;
	give_bytes(waiting, slot->answer.bytes);
}

size_t
snmp_waiting_count(const struct snmp_waiting *waiting)
{
	return waiting->n;
}
