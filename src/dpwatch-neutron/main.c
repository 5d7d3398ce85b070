/*
 * dpwatch-neutron: the command line, the configuration file, and signals.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "forwarder.h"
#include "io/config_file.h"
#include "program.h"

#define CONFIG_DEFAULT DPWATCH_SYSCONFDIR "/dpwatch/dpwatch.conf"

static const char usage_text[] =
    "Usage: dpwatch-neutron [-c FILE] [-n NAME] [--dry-run] [--once]\n"
    "       dpwatch-neutron [-c FILE] --check | status [-o json] | release\n"
    "       dpwatch-neutron [-c FILE] import-topology [--dry-run]\n"
    "Carries what dpwatchd publishes on to an OpenStack Neutron: data_plane_status of\n"
    "ports, DOWN or ACTIVE.\n"
    "\n"
    "  status             how far behind it is, what waits, what is wrong; exit 1\n"
    "                     unless all is well\n"
    "  release            after the brake: lets the ports go DOWN that wait\n"
    "  import-topology    reads ports and bindings from Neutron into dpwatchd's map\n"
    "  --check            tries the whole way read-only, says what is missing, exits\n"
    "\n"
    "  -c, --config FILE  the configuration, [redis] and [neutron] of it\n"
    "                     (default " CONFIG_DEFAULT ")\n"
    "  -n, --name NAME    of this instance (default: the host's name)\n"
    "      --dry-run      show what would be sent (or loaded), and do not\n"
    "      --once         compare with Neutron once, send the differences, and exit\n"
    "  -o, --output FORM  of status: table or json\n"
    "  -d, --debug        log at level debug, whatever the configuration says\n"
    "      --version      print the version\n"
    "  -h, --help         print this\n"
    "\n"
    "The account is that of openstack clients: OS_CLOUD and clouds.yaml, or OS_*\n"
    "variables.\n"
    "Signals: TERM and INT end what is under way and stop; HUP tries at once what\n"
    "waits.\n"
    "Exit status: 0 done, 1 refused or not well, 2 usage.\n"
    "See dpwatch-neutron(8), dpwatch.conf(5).\n";

static const struct subcommand {
	const char *word;
	int (*run)(struct program *program);
} subcommands[] = {
	{ "status", program_status },
	{ "release", program_release },
	{ "import-topology", program_import },
};

struct options {
	const char *config_path;
	const struct subcommand *command; /* NULL: it forwards */
	bool check, debug;
};

enum { OPT_CHECK = 256, OPT_DRY_RUN, OPT_ONCE, OPT_VERSION };

static const struct option long_options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "name", required_argument, NULL, 'n' },
	{ "output", required_argument, NULL, 'o' },
	{ "check", no_argument, NULL, OPT_CHECK },
	{ "dry-run", no_argument, NULL, OPT_DRY_RUN },
	{ "once", no_argument, NULL, OPT_ONCE },
	{ "debug", no_argument, NULL, 'd' },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static int
misuse(const char *what, const char *word)
{
	if (what)
		fprintf(stderr, "dpwatch-neutron: %s '%s'\n", what, word);
	fputs("Try 'dpwatch-neutron --help'.\n", stderr);
	return 2;
}

/* Returns -1 to go on, else the exit status. */
static int
take_option(int c, struct program *program, struct options *options)
{
	switch (c) {
	case 'c':
		options->config_path = optarg;
		return -1;
	case 'n':
		program->name = optarg;
		return *optarg && strlen(optarg) <= 64
			   ? -1
			   : misuse("a name has 1 to 64 bytes, not", optarg);
	case 'o':
		program->json = strcmp(optarg, "json") == 0;
		return program->json || strcmp(optarg, "table") == 0
			   ? -1
			   : misuse("-o takes table or json, and not", optarg);
	case 'd':
		options->debug = true;
		return -1;
	case OPT_CHECK:
		options->check = true;
		return -1;
	case OPT_DRY_RUN:
		program->dry_run = true;
		return -1;
	case OPT_ONCE:
		program->once = true;
		return -1;
	case OPT_VERSION:
		printf("dpwatch-neutron %s\n", DPWATCH_VERSION);
		return 0;
	case 'h':
		fputs(usage_text, stdout);
		return 0;
	default:
		return misuse(NULL, NULL);
	}
}

static const struct subcommand *
find_subcommand(const char *word)
{
	for (size_t i = 0; i < sizeof(subcommands) / sizeof(subcommands[0]); i++)
		if (strcmp(subcommands[i].word, word) == 0)
			return &subcommands[i];
	return NULL;
}

static int
parse_options(int argc, char **argv, struct program *program, struct options *options)
{
	int status = -1;

	for (int c;
	     status < 0 && (c = getopt_long(argc, argv, "c:n:o:dh", long_options, NULL)) != -1;)
		status = take_option(c, program, options);
	if (status >= 0)
		return status;
	if (optind < argc && !(options->command = find_subcommand(argv[optind++])))
		return misuse("no such command:", argv[optind - 1]);
	if (optind < argc)
		return misuse("unexpected argument", argv[optind]);
	if (options->command && options->check)
		return misuse("--check stands alone, without", options->command->word);
	return -1;
}

static void
set_up_log(const struct config *config, const struct options *options)
{
	bool quiet = options->command || options->check;

	/* A command has a person before it, who wants its answer alone. */
	if (quiet)
		log_setup(
		    "dpwatch-neutron", options->debug ? LEVEL_DEBUG : LEVEL_WARNING, TO_STDERR);
	else
		config_file_set_up_log(config, "dpwatch-neutron", options->debug);
}

static void
on_stop(void *ctx)
{
	struct forwarder *fw = ctx;

	sd_notify(0, "STOPPING=1");
	forwarder_stop(fw);
}

static void
on_try_now(void *ctx)
{
	forwarder_try_now(ctx);
}

static int
forward(struct program *program)
{
	struct forwarder fw = { .config = &program->config,
		.config_path = program->config_path,
		.dry_run = program->dry_run,
		.once = program->once };
	int status = forwarder_start(&fw, program->name);

	if (status == 0) {
		loop_on_signal(fw.loop, SIGTERM, on_stop, &fw);
		loop_on_signal(fw.loop, SIGINT, on_stop, &fw);
		loop_on_signal(fw.loop, SIGHUP, on_try_now, &fw);
		sd_notify(0, "READY=1");
		status = loop_run(fw.loop) == 0 ? fw.exit_status : 1;
	}
	forwarder_release(&fw);
	return status;
}

static int
run(struct program *program, const struct options *options)
{
	if (options->check)
		return program_check(program);
	return options->command ? options->command->run(program) : forward(program);
}

int
main(int argc, char **argv)
{
	struct options options = { .config_path = CONFIG_DEFAULT };
	struct program program = { 0 };
	int status = parse_options(argc, argv, &program, &options);

	if (status >= 0)
		return status;
	log_setup("dpwatch-neutron", options.debug ? LEVEL_DEBUG : LEVEL_INFO, TO_STDERR);
	program.config_path = options.config_path;
	if (config_file_load(options.config_path, &program.config) != 0)
		return 1;
	set_up_log(&program.config, &options);
	signal(SIGPIPE, SIG_IGN);
	status = run(&program, &options);
	config_release(&program.config);
	return status;
}
