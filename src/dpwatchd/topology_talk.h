/*
 * topology_talk: how the daemon talks to a worker for topologies (private to src/dpwatchd).
 */
#ifndef DPWATCH_TOPOLOGY_TALK_H
#define DPWATCH_TOPOLOGY_TALK_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "io/worker.h"
#include "topology_worker.h"
#include "util/slice.h"

struct daemon;

/* What a worker says, as far as it came. */
struct worker_answer {
	char line[160]; /* the line in hand */
	size_t line_len;
	int status; /* 0: not yet answered */
	size_t len; /* of the body */
};

/* Gives it the head: where Redis is, and the members of `taken`. False when memory is out. */
bool worker_give_head(struct daemon *daemon, struct worker *worker, json_t *taken);

/* Takes a whole line out of the bytes, unless the answer's body has begun. NULL where there is none yet. */
const char *worker_answer_line(struct worker_answer *answer, struct slice *bytes);

/* "answer STATUS LENGTH": what follows is the body. False where the line says something else. */
bool worker_answer_begins(struct worker_answer *answer, const char *line);

/* A message for one that ended (status as io/worker.h has it) before it had answered. */
void worker_say_ended(char *buf, size_t size, int status);

#endif
