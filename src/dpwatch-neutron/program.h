/*
 * program: what the commands of dpwatch-neutron share.
 */
#ifndef DPWATCH_NEUTRON_PROGRAM_H
#define DPWATCH_NEUTRON_PROGRAM_H

#include <stdbool.h>

#include "command.h"
#include "core/config.h"

struct program {
	struct config config;
	const char *config_path;
	const char *name; /* --name, or NULL */
	bool json, dry_run, once;
};

/* Each returns the exit status: 0 done, 1 refused or not well, 2 usage. */
int program_status(struct program *program);  /* status.c */
int program_release(struct program *program); /* status.c */
int program_check(struct program *program);   /* check.c */
int program_import(struct program *program);  /* import.c */

/* ---- ask.c: one question to Redis after the other, for commands that a person waits for ---- */

struct asker;

/* Connects. NULL after a message on standard error when Redis cannot be reached within a few seconds. */
struct asker *asker_new(const struct config *config);
void asker_free(struct asker *asker);

/* Sends the command, waits, and gives a reply as JSON: lists, texts, numbers, null; an error is {"error": TEXT}. NULL after a message. */
struct json_t *asker_ask(struct asker *asker, struct command *command);

#endif
