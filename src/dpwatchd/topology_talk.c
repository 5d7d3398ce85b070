/*
 * The daemon's side of what topology_worker.h describes.
 */
#include "topology_talk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon.h"

bool
worker_give_head(struct daemon *daemon, struct worker *worker, json_t *taken)
{
	const struct config *config = &daemon->config;
	const char *path =
	    daemon->embedded ? embedded_redis_path(daemon->embedded) : config->redis.path;
	json_t *head = json_pack("{s:s*, s:s*, s:i, s:s*, s:s*, s:I, s:s}", "path", path, "host",
	    config->redis.host, "port", config->redis.port, "username", config->redis.username,
	    "password_file", config->redis.password_file, "database",
	    (json_int_t)config->redis.database, "prefix", config->redis.prefix);
	char *text = NULL;

	if (head && taken && json_object_update(head, taken) == 0)
		text = json_dumps(head, JSON_COMPACT);
	json_decref(head);
	json_decref(taken);
	if (!text)
		return false;
	worker_give(worker, text, strlen(text));
	worker_give(worker, "\n", 1);
	free(text);
	return true;
}

/* Takes a whole line out of the bytes, unless the answer's body has begun. NULL where there is none yet. */
const char *
worker_answer_line(struct worker_answer *answer, struct slice *bytes)
{
	while (answer->status == 0 && bytes->len > 0) {
		char c = *bytes->data++;
		bytes->len--;
		if (c == '\n') {
			answer->line[answer->line_len] = '\0';
			answer->line_len = 0;
			return answer->line;
		}
		if (answer->line_len + 1 < sizeof(answer->line))
			answer->line[answer->line_len++] = c;
	}
	return NULL;
}

/* "answer STATUS LENGTH". False where the line says something else. */
bool
worker_answer_begins(struct worker_answer *answer, const char *line)
{
	return sscanf(line, "answer %d %zu", &answer->status, &answer->len) == 2;
}

void
worker_say_ended(char *buf, size_t size, int status)
{
	if (status > 128)
		snprintf(buf, size,
		    "the process that works on it was ended by signal %d (%s) before it was done; nothing was changed",
		    status - 128, status == 128 + 9 ? "is memory short?" : "see the log");
	else
		snprintf(buf, size,
		    "the process that works on it exited with status %d and no answer; nothing was changed",
		    status);
}
