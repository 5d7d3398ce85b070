/*
 * dpwatch: the command line. Options, then the words of a command, then what that command takes; options of dpwatch itself
 * are taken on both sides of the command.
 */
#include <errno.h>
#include <getopt.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli.h"

#define DEFAULT_API "unix:/run/dpwatch/api.sock"
#define TOKEN_MAX 4096
#define SIMULATE_MAX 60 /* a query has 64 parameters at most */
#define RULES_FILES_MAX 1024
#define DISCOVER_MAX 10000

/* Options of a command, as members of their struct. */
#define FLAG(name, help) name, NULL, help, false
#define OPTION(name, arg, help) name, arg, help, false
#define NEEDED(name, arg, help) name, arg, help, true
#define NO_OPTIONS FLAG(NULL, NULL)

const struct cli_command cli_commands[] = {
	{ "status", "", "How the daemon is: Redis, topology, counters", 0, 0, cmd_status,
	    { { NO_OPTIONS } } },
	{ "topology load", "FILE", "Check a topology and put it in force (- is standard input)", 1,
	    1, cmd_topology_load,
	    { { FLAG("force", "also when it removes many ports or a root") } } },
	{ "topology check", "[FILE]",
	    "Check a topology here, without a daemon; without FILE the one in force", 0, 1,
	    cmd_topology_check,
	    { { FLAG("live", "ask the switches of the map in force, too, and compare") } } },
	{ "topology dump", "", "Print the topology in force, as a document", 0, 0,
	    cmd_topology_dump, { { NO_OPTIONS } } },
	{ "topology discover", "[SWITCH ...]",
	    "Ask the switches of the map, and print the topology that they tell of", 0,
	    DISCOVER_MAX, cmd_topology_discover,
	    { { FLAG("diff", "how the map in force differs from that") } } },
	{ "topology import neutron", "FILE",
	    "Make a topology of Neutron's ports (GET /v2.0/ports) and a hosts file", 1, 1,
	    cmd_import_neutron,
	    { { OPTION(
		  "hosts", "FILE", "lines: HOST [physnet=NAME] [pci=SLOT] SWITCH:INTERFACE ...") },
		{ OPTION(
		    "base", "FILE", "a topology with the switches, links and other hosts") } } },
	{ "topology import ifnames", "SWITCH FILE",
	    "Give a switch the interfaces that 'snmpwalk -On SWITCH ifName' printed", 2, 2,
	    cmd_import_ifnames, { { OPTION("base", "FILE", "the topology to put them into") } } },
	{ "switch list", "", "Switches, and when each was last heard", 0, 0, cmd_switch_list,
	    { { NO_OPTIONS } } },
	{ "switch show", "SWITCH", "One switch and its interfaces", 1, 1, cmd_switch_show,
	    { { NO_OPTIONS } } },
	{ "switch poll", "SWITCH", "Ask a switch now for the state of all its interfaces", 1, 1,
	    cmd_switch_poll, { { NO_OPTIONS } } },
	{ "switch forget-engine", "SWITCH",
	    "Take a replaced switch's SNMPv3 messages again, whose boots went backwards", 1, 1,
	    cmd_switch_forget_engine, { { NO_OPTIONS } } },
	{ "interface list", "[SWITCH]", "Interfaces and their state", 0, 1, cmd_interface_list,
	    { { FLAG("down", "only those that carry no traffic") },
		{ FLAG("uncertain", "only those whose last word may be out of date") },
		{ FLAG("overridden", "only those that somebody holds up or down") } } },
	{ "interface set", "SWITCH:INTERFACE up|down|auto",
	    "Hold an interface up or down, whatever is heard of it; auto: no longer", 2, 2,
	    cmd_interface_set,
	    { { OPTION("for", "D", "until it is over by itself: 30min, 2h, 7d") },
		{ OPTION("note", "TEXT", "why; shown with the interface") } } },
	{ "port list", "", "Logical ports and whether their data plane is down", 0, 0,
	    cmd_port_list, { { FLAG("down", "only those that are down") } } },
	{ "port show", "PORT", "One port: an id, a name, or a beginning of either", 1, 1,
	    cmd_port_show, { { NO_OPTIONS } } },
	{ "port set", "PORT", "Report a port down, or not down", 1, 1, cmd_port_set,
	    { { NEEDED("dp-down", "true|false", "what is reported") },
		{ OPTION("note", "TEXT", "why; shown with the port") },
		{ OPTION("for", "D", "until it is over by itself: 30min, 2h, 7d") } } },
	{ "port unset", "PORT", "Take a report about a port back", 1, 1, cmd_port_unset,
	    { { NO_OPTIONS } } },
	{ "port explain", "PORT", "Each path hop by hop, who said so, and what would take it down",
	    1, 1, cmd_port_explain, { { NO_OPTIONS } } },
	{ "simulate down", "SWITCH[:INTERFACE] ...",
	    "Which ports would go down or degrade if these failed; changes nothing", 1,
	    SIMULATE_MAX, cmd_simulate_down, { { NO_OPTIONS } } },
	{ "events", "", "Toggles of ports, the newest last", 0, 0, cmd_events,
	    { { FLAG("follow", "go on as they happen") },
		{ OPTION(
		    "since", "ID", "only what came after this entry (0: from the beginning)") },
		{ OPTION("limit", "N", "at most so many (with --follow: before following)") } } },
	{ "journal show", "FILE",
	    "What a daemon's journal holds for Redis (its state_dir/journal); no daemon is needed",
	    1, 1, cmd_journal_show, { { NO_OPTIONS } } },
	{ "rules test", "[RULES-FILE ...]",
	    "Try the samples beside the rules, or other lines; no daemon is needed", 0,
	    RULES_FILES_MAX, cmd_rules_test,
	    { { OPTION("rules", "DIR",
		  "read the rules of this folder, and not those of the daemon's own folders") },
		{ OPTION(
		    "lines", "FILE|-", "lines to try: datagrams or plain messages, one a line") },
		{ OPTION("os", "OS", "the family that settles short names: ios, nx-os, eos ...") },
		{ OPTION("topology", "FILE", "look senders and interfaces up in this map") },
		{ OPTION("switch", "SWITCH",
		    "the switch of the map (of --topology, or the daemon's) that sent them") } } },
	{ "maintenance add", "SWITCH|HOST",
	    "Announce work: its ports' toggles say maintenance=true meanwhile", 1, 1,
	    cmd_maintenance_add,
	    { { NEEDED("for", "D", "how long: 30min, 2h, 7d") },
		{ OPTION("note", "TEXT", "why; shown with it") } } },
	{ "maintenance list", "", "What is announced, by whom and until when", 0, 0,
	    cmd_maintenance_list, { { NO_OPTIONS } } },
	{ "maintenance remove", "SWITCH|HOST", "End announced work early", 1, 1,
	    cmd_maintenance_remove, { { NO_OPTIONS } } },
	{ "token add", "NAME", "Make a token for the API, and print it: it is not shown again", 1,
	    1, cmd_token_add,
	    { { NEEDED("role", "admin|integrator|reader", "what it may do") },
		{ OPTION("project", "ID", "for a reader: whose ports it sees") } } },
	{ "token list", "", "Tokens, without what is secret of them", 0, 0, cmd_token_list,
	    { { NO_OPTIONS } } },
	{ "token remove", "NAME", "Take a token away: whoever uses it is refused from now on", 1, 1,
	    cmd_token_remove, { { NO_OPTIONS } } },
	{ "unmapped", "", "Senders that are in no topology, and the JSON that would map them", 0, 0,
	    cmd_unmapped, { { NO_OPTIONS } } },
	{ "doctor", "[SWITCH]", "How a switch is heard, and the lines to configure on it", 0, 1,
	    cmd_doctor,
	    { { OPTION("os", "OS", "lines for this software (all: for every family)") },
		{ OPTION("address", "ADDRESS", "of this host, to be put into the lines") } } },
};
const size_t cli_n_commands = sizeof(cli_commands) / sizeof(cli_commands[0]);

/* What was said on the command line or in the environment. */
struct globals {
	const char *api, *token_file, *ca, *output;
	bool help, version, verbose;
};

enum { OPT_API = 256, OPT_TOKEN_FILE, OPT_CA, OPT_OWN }; /* OPT_OWN + i: option i of the command */

static const struct option global_options[] = {
	{ "api", required_argument, NULL, OPT_API },
	{ "token-file", required_argument, NULL, OPT_TOKEN_FILE },
	{ "ca", required_argument, NULL, OPT_CA },
	{ "output", required_argument, NULL, 'o' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
};
#define N_GLOBAL_OPTIONS (sizeof(global_options) / sizeof(global_options[0]))

/* ---- options ---- */

static bool
take_global(struct globals *globals, int option)
{
	switch (option) {
	case OPT_API:
		globals->api = optarg;
		return true;
	case OPT_TOKEN_FILE:
		globals->token_file = optarg;
		return true;
	case OPT_CA:
		globals->ca = optarg;
		return true;
	case 'o':
		globals->output = optarg;
		return strcmp(optarg, "table") == 0 || strcmp(optarg, "json") == 0;
	case 'v':
		globals->verbose = true;
		return true;
	case 'h':
		globals->help = true;
		return true;
	case 'V':
		globals->version = true;
		return true;
	default:
		return false;
	}
}

/*
 * Options of dpwatch, and those of the command where there is one. `in_order` stops at the first word that is none.
 * Returns where the rest begins, or -1 after a message.
 */
static int
take_options(int argc, char **argv, bool in_order, struct globals *globals, struct cli *cli)
{
	struct option options[N_GLOBAL_OPTIONS + CLI_OPTIONS_MAX + 1] = { { 0 } };
	size_t n = N_GLOBAL_OPTIONS;
	int option;

	memcpy(options, global_options, sizeof(global_options));
	for (size_t i = 0; cli->command && i < CLI_OPTIONS_MAX && cli->command->options[i].name;
	     i++)
		options[n++] = (struct option){ cli->command->options[i].name,
			cli->command->options[i].arg ? required_argument : no_argument, NULL,
			OPT_OWN + (int)i };
	optind = 0; /* glibc: begin anew, with other options */
	while ((option = getopt_long(argc, argv, in_order ? "+o:vhV" : "o:vhV", options, NULL)) !=
	       -1) {
		if (option >= OPT_OWN) {
			cli->values[option - OPT_OWN] = optarg ? optarg : "";
		} else if (!take_global(globals, option)) {
			if (option == 'o')
				fprintf(stderr, "dpwatch: -o takes table or json, and not '%s'\n",
				    optarg);
			fprintf(stderr, "Try 'dpwatch%s%s --help'.\n", cli->command ? " " : "",
			    cli->command ? cli->command->words : "");
			return -1;
		}
	}
	return optind;
}

/* ---- commands ---- */

/* How many of the words a command's name takes: 0 when it is not this one. */
static int
words_match(const char *name, char **words, int n_words)
{
	int used = 0;

	while (*name) {
		size_t len = strcspn(name, " ");
		if (used == n_words || strlen(words[used]) != len ||
		    strncmp(words[used], name, len) != 0)
			return 0;
		used++;
		name += len + (name[len] == ' ');
	}
	return used;
}

static const struct cli_command *
command_find(char **words, int n_words, int *ret_used)
{
	for (size_t i = 0; i < cli_n_commands; i++)
		if ((*ret_used = words_match(cli_commands[i].words, words, n_words)) > 0)
			return &cli_commands[i];
	return NULL;
}

static bool
is_group(const char *word)
{
	size_t len = strlen(word);

	for (size_t i = 0; i < cli_n_commands; i++)
		if (strncmp(cli_commands[i].words, word, len) == 0 &&
		    cli_commands[i].words[len] == ' ')
			return true;
	return false;
}

/* No command begins with these words: help where that was asked for, else a word about what is wrong. */
static int
no_command(char **words, int n_words)
{
	bool group = n_words > 0 && is_group(words[0]);
	const char *second = n_words > 1 ? words[1] : NULL;
	const char *last = n_words > 0 ? words[n_words - 1] : NULL;

	if (n_words > 0 && strcmp(words[0], "help") == 0) {
		help_all(stdout);
		return CLI_DONE;
	}
	if (group && last && (strcmp(last, "--help") == 0 || strcmp(last, "-h") == 0)) {
		help_group(stdout, words[0]);
		return CLI_DONE;
	}
	if (group && second && second[0] != '-')
		fprintf(stderr, "dpwatch: '%s %s' is no command\n", words[0], second);
	else if (!group && n_words > 0)
		fprintf(stderr, "dpwatch: '%s' is no command\n", words[0]);
	if (group)
		help_group(stderr, words[0]);
	else if (n_words > 0)
		fputs("Try 'dpwatch --help'.\n", stderr);
	else
		help_all(stderr);
	return CLI_USAGE;
}

/* ---- the way to the daemon ---- */

/* The first line of the file. NULL after a message. */
static char *
token_read(const char *path)
{
	char *line = malloc(TOKEN_MAX);
	FILE *file = line ? fopen(path, "re") : NULL;

	if (!file || !fgets(line, TOKEN_MAX, file)) {
		cli_refuse("cannot read a token from %s: %s", path,
		    file && !ferror(file) ? "it is empty" : strerror(errno));
		free(line);
		line = NULL;
	} else {
		line[strcspn(line, " \t\r\n")] = '\0';
	}
	if (file)
		fclose(file);
	return line;
}

/* Returns an exit status. */
static int
client_open(struct cli *cli, const struct globals *globals)
{
	const char *api = globals->api ? globals->api : getenv("DPWATCH_API");
	char *token = NULL;
	const char *from_env = getenv("DPWATCH_TOKEN");

	if (!api || *api == '\0')
		api = DEFAULT_API;
	if (!client_knows(api))
		return cli_misuse(cli,
		    "--api and DPWATCH_API take unix:PATH or http[s]://HOST:PORT, and not '%s'",
		    api);
	if (globals->token_file && !(token = token_read(globals->token_file)))
		return CLI_REFUSED;
	if (!token && from_env && *from_env)
		token = strdup(from_env);
	const char *ca = globals->ca ? globals->ca : getenv("DPWATCH_CA");
	cli->client = client_new(api, token, ca);
	free(token);
	return cli->client ? CLI_DONE : cli_refuse("out of memory");
}

static void
look_at_terminal(struct cli *cli)
{
	struct winsize size;
	const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");

	if (!isatty(STDOUT_FILENO))
		return;
	cli->color = term && strcmp(term, "dumb") != 0 && !(no_color && *no_color);
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
		cli->width = size.ws_col;
}

static int
run(struct cli *cli, const struct globals *globals)
{
	const struct cli_command *command = cli->command;
	int status;

	if (globals->help) {
		help_command(stdout, command);
		return CLI_DONE;
	}
	if (cli->n_args < command->min_args)
		return cli_misuse(cli, "%s needs %s", command->words, command->args);
	if (cli->n_args > command->max_args)
		return cli_misuse(cli, "'%s' is one word too many", cli->args[command->max_args]);
	cli->json = globals->output && strcmp(globals->output, "json") == 0;
	cli->verbose = globals->verbose;
	status = client_open(cli, globals);
	if (status != CLI_DONE)
		return status;
	look_at_terminal(cli);
	status = command->run(cli);
	client_free(cli->client);
	if (fflush(stdout) != 0 || ferror(stdout))
		return cli_refuse("cannot write to standard output");
	return status;
}

int
main(int argc, char **argv)
{
	static char name[] = "dpwatch";
	struct globals globals = { 0 };
	struct cli cli = { 0 };
	int first, used;

	setlocale(LC_CTYPE, "");
	argv[0] = name;
	first = take_options(argc, argv, true, &globals, &cli);
	if (first < 0)
		return CLI_USAGE;
	if (globals.version) {
		printf("dpwatch %s\n", DPWATCH_VERSION);
		return CLI_DONE;
	}
	if (globals.help && first == argc) {
		help_all(stdout);
		return CLI_DONE;
	}
	cli.command = command_find(argv + first, argc - first, &used);
	if (!cli.command)
		return no_command(argv + first, argc - first);
	/* The command's last word stands where getopt expects the program's name, for its messages. */
	argv += first + used - 1;
	argc -= first + used - 1;
	argv[0] = name;
	first = take_options(argc, argv, false, &globals, &cli);
	if (first < 0)
		return CLI_USAGE;
	cli.args = argv + first;
	cli.n_args = argc - first;
	return run(&cli, &globals);
}
