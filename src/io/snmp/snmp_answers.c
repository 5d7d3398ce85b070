/*
 * An answer that waits is kept as the bytes of the response, and not as the library's PDU, which takes 1.2 KiB a varbind.
 */
#include "io/snmp_answers.h"

#include <stdlib.h>
#include <string.h>

#include "io/stream_set.h"
#include "io/udp_listeners.h"
#include "util/log.h"

struct snmp_answers {
	const struct input_sockets *sockets;
	struct stats *stats;
	struct snmp_waiting *waiting; /* for their ticket */
	struct snmp_waiting *held; /* by numbers instead of tickets; their words do not count yet */
	struct log_rate send_rate;
};

struct snmp_answers *
snmp_answers_new(const struct input_sockets *sockets, struct stats *stats)
{
	struct snmp_answers *answers = calloc(1, sizeof(*answers));

	if (answers == NULL)
		return NULL;
	answers->sockets = sockets;
	answers->stats = stats;
	answers->send_rate = (struct log_rate){ .interval_ms = 60000, .burst = 5 };
	answers->waiting = snmp_waiting_new(SNMP_INPUT_WAITING_MAX);
	answers->held = snmp_waiting_new(SNMP_INPUT_WAITING_MAX);
	if (answers->waiting != NULL && answers->held != NULL)
		return answers;
	snmp_answers_free(answers);
	return NULL;
}

void
snmp_answers_free(struct snmp_answers *answers)
{
	if (answers == NULL)
		return;
	snmp_waiting_free(answers->waiting);
	snmp_waiting_free(answers->held);
	free(answers);
}

int
snmp_answers_send(struct snmp_answers *answers, const struct snmp_answer *answer)
{
	const struct input_sockets *sockets = answers->sockets;

	if (answer->connection != 0)
		return stream_set_send(sockets->streams, answer->connection, answer->bytes);
	return udp_batch_send(udp_listeners_batch(sockets->datagrams, answer->key.listener),
	    answer->bytes, &answer->to, answer->to_len, &answer->from);
}

static void
send_answer(struct snmp_answers *answers, const struct snmp_answer *answer)
{
	int error = snmp_answers_send(answers, answer);
	char text[ADDR_TEXT_MAX];
	uint64_t held_back;

	if (error == 0) {
		stats_add(answers->stats, STAT_TRAP_INFORM_ANSWERED, 1);
		return;
	}
	/* its sender will ask again */
	if (log_rate_take(&answers->send_rate, &held_back))
		log_warning("snmp: cannot answer an INFORM of %s: %s",
		    addr_format(&answer->key.sender, text), strerror(-error));
}

/* Where an answer to this INFORM waits already; NULL: it is its first. */
static struct snmp_waiting *
list_of(const struct snmp_answers *answers, const struct snmp_inform_key *key)
{
	if (snmp_waiting_has(answers->waiting, key))
		return answers->waiting;
	return snmp_waiting_has(answers->held, key) ? answers->held : NULL;
}

int
snmp_answers_give(struct snmp_answers *answers, const struct snmp_answer *answer,
    enum input_answer how, uint64_t ticket)
{
	struct snmp_waiting *list = list_of(answers, &answer->key);

	/* Only of v3 does it matter which repetition an answer is for, and only that expires. */
	if (list != NULL)
		return answer->expires_ns != 0 ? snmp_waiting_replace(list, answer) : 0;
	if (how != ANSWER_NOW)
		return snmp_waiting_add(
		    how == ANSWER_WHEN_FED ? answers->held : answers->waiting, ticket, answer);
	send_answer(answers, answer);
	return 0;
}

void
snmp_answers_done(struct snmp_answers *answers, uint64_t done, int64_t now_ns)
{
	const struct snmp_answer *answer;

	while ((answer = snmp_waiting_first(answers->waiting, done)) != NULL) {
		if (answer->expires_ns == 0 || now_ns < answer->expires_ns)
			send_answer(answers, answer);
		else
			stats_add(answers->stats, STAT_TRAP_INFORM_EXPIRED, 1);
		snmp_waiting_drop_first(answers->waiting);
	}
}

void
snmp_answers_fed(struct snmp_answers *answers, uint64_t number, uint64_t ticket)
{
	const struct snmp_answer *answer;

	while ((answer = snmp_waiting_first(answers->held, number)) != NULL) {
		if (snmp_waiting_add(answers->waiting, ticket, answer) != 0)
			stats_add(answers->stats, STAT_TRAP_INFORM_DROPPED, 1);
		snmp_waiting_drop_first(answers->held);
	}
}

size_t
snmp_answers_held(const struct snmp_answers *answers)
{
	return snmp_waiting_count(answers->held);
}
