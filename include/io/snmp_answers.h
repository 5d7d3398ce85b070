/*
 * snmp_answers: what goes back to the senders of INFORMs, now or when their event is stored (io). Private to snmp_input.
 */
#ifndef DPWATCH_IO_SNMP_ANSWERS_H
#define DPWATCH_IO_SNMP_ANSWERS_H

#include <stddef.h>
#include <stdint.h>

#include "core/stats.h"
#include "io/input_sockets.h"
#include "io/snmp_input.h"
#include "io/snmp_waiting.h"

struct snmp_answers;

/* NULL: out of memory. Both are borrowed. */
struct snmp_answers *snmp_answers_new(const struct input_sockets *sockets, struct stats *stats);
void snmp_answers_free(struct snmp_answers *answers); /* NULL is fine */

/* Sends it whatever waits. 0 or a negative errno. */
int snmp_answers_send(struct snmp_answers *answers, const struct snmp_answer *answer);

/*
 * Answers an INFORM as `how` says, which is not ANSWER_NEVER. While the first of it waits, a repetition is not answered before
 * it, and not twice. 0; or a negative errno where too many wait.
 */
int snmp_answers_give(struct snmp_answers *answers, const struct snmp_answer *answer,
    enum input_answer how, uint64_t ticket);

/* See snmp_input_answer(), snmp_input_fed() and snmp_input_held(). */
void snmp_answers_done(struct snmp_answers *answers, uint64_t done, int64_t now_ns);
void snmp_answers_fed(struct snmp_answers *answers, uint64_t number, uint64_t ticket);
size_t snmp_answers_held(const struct snmp_answers *answers);

#endif
