/*
 * cli: what the commands of dpwatch have in common.
 *
 * A command is a row of a table (main.c): its words, arguments, options and function. The function returns the exit status:
 * 0 done, 1 refused or not found (said on standard error, with what to do next), 2 usage.
 */
#ifndef DPWATCH_CLI_H
#define DPWATCH_CLI_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client.h"

#define CLI_DONE 0
#define CLI_REFUSED 1
#define CLI_USAGE 2

#define CLI_OPTIONS_MAX 8

struct cli_option {
	const char *name; /* NULL ends the list */
	const char *arg;  /* what it takes, for the help; NULL: a flag */
	const char *help;
	bool required;
};

struct cli {
	struct client *client;
	bool json;    /* -o json */
	bool verbose; /* -v: tells what is being done, also where no terminal is */
	bool color;   /* standard output is a terminal that shows colours */
	size_t width; /* of that terminal; 0: no limit */
	const struct cli_command *command;
	const char *values
	    [CLI_OPTIONS_MAX]; /* of the command's options, in their order; NULL: not given, "" : a flag */
	char **args;           /* what is left of the command line */
	int n_args;
};

typedef int cli_function(struct cli *cli);

struct cli_command {
	const char *words; /* "topology load" */
	const char *args;  /* "FILE", for the help */
	const char *summary;
	int min_args, max_args;
	cli_function *run;
	struct cli_option options[CLI_OPTIONS_MAX];
};

extern const struct cli_command cli_commands[];
extern const size_t cli_n_commands;

/* ---- help.c ---- */

/* All commands; those that begin with `words` (a group); one. `out` is stdout when it was asked for. */
void help_all(FILE *out);
void help_group(FILE *out, const char *words);
void help_command(FILE *out, const struct cli_command *command);

/* ---- output.c ---- */

/* The value of one of the command's options, or NULL where it was not given. */
const char *cli_value(const struct cli *cli, const char *name);

/* "dpwatch: ..." on standard error. Returns CLI_REFUSED. */
int cli_refuse(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "dpwatch: ..." and where the help is. Returns CLI_USAGE. */
int cli_misuse(const struct cli *cli, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* One document on standard output: indented on a terminal, on one line otherwise. */
void cli_print_json(const struct cli *cli, const json_t *json);

/* A list as the API answers it: an object with the list as its member `name`. */
void cli_print_list(const struct cli *cli, const char *name, json_t *list);

/* DELETEs what is called `name` under `collection` ("/v1/tokens/"), and says so. Returns the exit status. */
int cli_delete(struct cli *cli, const char *collection, const char *name);

/* Members of objects for people: "" where there is none or it is null. Borrowed from the JSON. */
const char *json_text(const json_t *object, const char *name);
json_int_t json_number(const json_t *object, const char *name);
bool json_flag(const json_t *object, const char *name);

/* A member that is a time, as "12s ago"; "-" where it is null. The buffer holds TIMEUTIL_RELATIVE. */
const char *json_ago(const json_t *object, const char *name, char *buf);

/* The same with the time itself behind it: "12s ago (2026-11-22T12:00:00Z)". */
#define JSON_WHEN 64
const char *json_when(const json_t *object, const char *name, char buf[JSON_WHEN]);

/*
 * A copy that can do nothing to a terminal: control characters (an interface may be called anything) and what the locale
 * cannot show become '?'. The caller frees it; NULL is out of memory.
 */
char *text_clean(const char *text);

/* The same, printed. */
void print_clean(FILE *out, const char *text);

/* A list of texts, one a line, behind a column of `width` that has the title in its first line. */
void print_lines(int width, const char *title, const json_t *texts);

/* Orders an array of objects by these members, numbers inside a name by their value (Ethernet1/9 before Ethernet1/10). */
void json_sort(json_t *list, const char *first, const char *second);

/* A number for an option: false, after a message, when it is none or out of range. */
bool cli_number(const struct cli *cli, const char *name, unsigned long long low,
    unsigned long long high, unsigned long long *ret_value);

/* The duration of --for; NULL: not given. False, after a message, when it is none. */
bool cli_span(const struct cli *cli, const char **ret_span);

/* ---- cmd_*.c ---- */

cli_function cmd_status;
cli_function cmd_topology_load;
cli_function cmd_topology_check;
cli_function cmd_topology_dump;
cli_function cmd_topology_discover;
cli_function cmd_switch_list;
cli_function cmd_switch_show;
cli_function cmd_switch_forget_engine;
cli_function cmd_switch_poll;
cli_function cmd_interface_list;
cli_function cmd_interface_set;
cli_function cmd_port_list;
cli_function cmd_port_show;
cli_function cmd_port_set;
cli_function cmd_port_unset;
cli_function cmd_events;
cli_function cmd_unmapped;
cli_function cmd_doctor;
cli_function cmd_port_explain;
cli_function cmd_simulate_down;
cli_function cmd_import_neutron;
cli_function cmd_import_ifnames;
cli_function cmd_rules_test;
cli_function cmd_journal_show;
cli_function cmd_maintenance_add;
cli_function cmd_maintenance_list;
cli_function cmd_maintenance_remove;
cli_function cmd_token_add;
cli_function cmd_token_list;
cli_function cmd_token_remove;

/* ---- cmd_port.c ---- */

/*
 * The port that somebody means by an id, a name, or the beginning of either, in this order; what fits several is refused.
 * Its JSON, owned by the caller, or NULL after a message.
 */
json_t *port_find(struct cli *cli, const char *text);

/* ---- cmd_events.c ---- */

/* Of an entry of the events stream: "access link-down leaf1:Ethernet1/1". The caller frees it; NULL is out of memory. */
char *event_cause(const json_t *event);

/* ---- explain_why.c ---- */

/* What `port explain` begins with, in plain words: why the port is what it is, and what else one has to know. */
void explain_put_why(const json_t *port);

/* Its last toggles, oldest first, as an array of the caller's: of the newest 1000 of all ports. NULL: not to be had. */
json_t *explain_history(struct cli *cli, const char *id);
void explain_put_history(const struct cli *cli, const json_t *history);

/* ---- cmd_topology.c ---- */

struct topo_faults;

/* What the daemon takes at most. */
#define DOCUMENT_MAX ((size_t)256 << 20)

/* A whole file of at most `max` bytes, or standard input for "-"; the caller frees the bytes. False after a message. */
bool document_read(const char *path, size_t max, char **ret_bytes, size_t *ret_len);

/* [{"path", "reason", "warning"}] */
json_t *faults_json(const struct topo_faults *faults);

/* ---- progress.c: what a load is at, on standard error: on a terminal, or with -v ---- */

/* Says what is done now ("checking 160 MB"). */
void progress_say(const struct cli *cli, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* From here on the client's requests with a body are told of, with what the daemon says of its part; until progress_end. */
void progress_begin(struct cli *cli);
void progress_end(struct cli *cli);

/* ---- lint.c: what topo_lint_json() found ---- */

/* What stands alone, on standard error; and single points of failure, on standard output. */
void lint_warn(const char *path, const json_t *lint);
void lint_print(const struct cli *cli, const json_t *lint);

/* ---- live.c: the map in force, and what the network has said of it ---- */

struct topo;

/* The document as the daemon gives it; the caller frees the bytes. False after a message. */
bool live_document(struct cli *cli, char **ret_bytes, size_t *ret_len);
/* Since when a map is in force, to be asked before the document is; ret_since holds TIMEUTIL_TEXT. False after a message. */
bool live_since(struct cli *cli, char *ret_since);
/* What topo_silence_json() tells of it; NULL after a message: also where another came in force since. */
json_t *live_json(struct cli *cli, const struct topo *topo, const char *since);
void live_print(const json_t *live);

/* Interfaces that somebody holds up or down, one a line; nothing where there is none, or no answer (cmd_interface_set.c). */
void print_overrides(struct cli *cli);

#endif
