/*
 * dpwatchd: the command line and signals.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "daemon.h"
#include "io/config_file.h"
#include "topology_worker.h"

#define CONFIG_DEFAULT DPWATCH_SYSCONFDIR "/dpwatch/dpwatch.conf"

static const char usage_text[] =
    "Usage: dpwatchd [-c FILE] [-t] [-d]\n"
    "Hears from switches (SNMP traps and syslog) which links died, and publishes to\n"
    "a Redis stream which logical ports lost their last path.\n"
    "\n"
    "  -c, --config FILE  the configuration (default " CONFIG_DEFAULT ")\n"
    "  -t, --test         check the configuration and its files and folders, say what\n"
    "                     is wrong, and exit\n"
    "  -d, --debug        log at level debug, whatever the configuration says\n"
    "      --version      print the version\n"
    "  -h, --help         print this\n"
    "\n"
    "Signals: TERM and INT publish what is owed and stop; HUP reads configuration\n"
    "and rules again.\n"
    "Exit status: 0 stopped as asked, 1 could not start or had to stop, 2 usage.\n"
    "See dpwatchd(8), dpwatch.conf(5), dpwatch(1).\n";

struct options {
	const char *config_path;
	bool test, debug;
};

/* Returns -1 to go on, else the exit status. */
static int
parse_options(int argc, char **argv, struct options *options)
{
	static const struct option long_options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "test", no_argument, NULL, 't' },
		{ "debug", no_argument, NULL, 'd' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};

	for (int c; (c = getopt_long(argc, argv, "c:tdh", long_options, NULL)) != -1;) {
		switch (c) {
		case 'c':
			options->config_path = optarg;
			break;
		case 't':
			options->test = true;
			break;
		case 'd':
			options->debug = true;
			break;
		case 'V':
			printf("dpwatchd %s\n", DPWATCH_VERSION);
			return 0;
		case 'h':
			fputs(usage_text, stdout);
			return 0;
		default:
			fputs("Try 'dpwatchd --help'.\n", stderr);
			return 2;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "dpwatchd: unexpected argument '%s'\nTry 'dpwatchd --help'.\n",
		    argv[optind]);
		return 2;
	}
	return -1;
}

static void
on_stop(void *ctx)
{
	daemon_stop(ctx);
}

static void
on_reload(void *ctx)
{
	daemon_reload(ctx);
}

int
main(int argc, char **argv)
{
	struct options options = { .config_path = CONFIG_DEFAULT };
	static struct daemon daemon;

	/* How the daemon runs itself for what would hold it up: nobody else's business, so it is not in the usage. */
	if (argc == 2 && strcmp(argv[1], TOPOLOGY_WORKER) == 0)
		return topology_worker();
	int status = parse_options(argc, argv, &options);

	if (status >= 0)
		return status;
	log_setup("dpwatchd", options.debug ? LEVEL_DEBUG : LEVEL_INFO, TO_STDERR);
	daemon.config_path = options.config_path;
	daemon.debug = options.debug;
	if (config_file_load(options.config_path, &daemon.config) != 0)
		return 1;
	if (options.test) {
		status = daemon_test(&daemon.config);
		config_release(&daemon.config);
		return status;
	}
	config_file_set_up_log(&daemon.config, "dpwatchd", options.debug);
	signal(SIGPIPE, SIG_IGN);
	status = daemon_start(&daemon);
	/* Whoever started it by hand looks here. */
	if (status != 0 && daemon.config.daemon.log_target == LOG_TARGET_SYSLOG)
		fputs("dpwatchd: could not start; syslog has the reason ([daemon] log_target)\n",
		    stderr);
	if (status == 0) {
		loop_on_signal(daemon.loop, SIGTERM, on_stop, &daemon);
		loop_on_signal(daemon.loop, SIGINT, on_stop, &daemon);
		loop_on_signal(daemon.loop, SIGHUP, on_reload, &daemon);
		status = loop_run(daemon.loop) == 0 ? daemon.exit_status : 1;
	}
	daemon_release(&daemon);
	return status;
}
