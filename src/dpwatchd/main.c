/*
 * dpwatchd: the command line, the configuration file, and signals.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/auth.h"
#include "daemon.h"
#include "tls/tls_context.h"

#define CONFIG_MAX (1 << 20)
#define CONFIG_DEFAULT DPWATCH_SYSCONFDIR "/dpwatch/dpwatch.conf"

static const char usage_text[] =
    "Usage: dpwatchd [-c FILE] [-t] [-d]\n"
    "Hears from switches (SNMP traps and syslog) which links died, and publishes which logical ports lost their last\n"
    "path to a Redis stream.\n"
    "\n"
    "  -c, --config FILE  the configuration (default " CONFIG_DEFAULT ")\n"
    "  -t, --test         check the configuration and the rules, say what is wrong, and exit\n"
    "  -d, --debug        log at level debug, whatever the configuration says\n"
    "      --version      print the version\n"
    "  -h, --help         print this\n"
    "\n"
    "Signals: TERM and INT publish what is owed and stop; HUP reads configuration and rules again.\n"
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

/* 0 or 1 after an error line; on failure *ret_config is untouched. */
static int
load_config(const char *path, struct config *ret_config)
{
	struct config_fault fault;
	int fd = open(path, O_RDONLY | O_CLOEXEC), status = 1;
	char *bytes = malloc(CONFIG_MAX);
	ssize_t len = fd >= 0 && bytes ? read(fd, bytes, CONFIG_MAX) : -1;

	if (len < 0)
		log_error("%s: %s", path, strerror(errno));
	else if (len == CONFIG_MAX)
		log_error(
		    "%s: larger than %d bytes: this is no dpwatch.conf", path, CONFIG_MAX - 1);
	else if (config_parse(path, (struct slice){ bytes, (size_t)len }, ret_config, &fault) != 0)
		log_error("%s", fault.text);
	else
		status = 0;
	free(bytes);
	if (fd >= 0)
		close(fd);
	return status;
}

static void
set_up_log(const struct config *config, bool debug)
{
	static const enum log_level level_of[] = { [LOG_LEVEL_ERROR] = LEVEL_ERROR,
		[LOG_LEVEL_WARNING] = LEVEL_WARNING,
		[LOG_LEVEL_INFO] = LEVEL_INFO,
		[LOG_LEVEL_DEBUG] = LEVEL_DEBUG };
	static const enum log_target target_of[] = { [LOG_TARGET_STDERR] = TO_STDERR,
		[LOG_TARGET_SYSLOG] = TO_SYSLOG,
		[LOG_TARGET_JOURNAL] = TO_JOURNAL };

	log_setup("dpwatchd", debug ? LEVEL_DEBUG : level_of[config->daemon.log_level],
	    target_of[config->daemon.log_target]);
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

/* All or nothing: a faulty file, or a faulty rule, leaves everything as it was. */
void
daemon_reload(struct daemon *daemon)
{
	struct config config;

	if (load_config(daemon->config_path, &config) != 0) {
		log_error("reload: refused; the old configuration stays");
		return;
	}
	struct rules *rules = daemon_load_rules(&config);
	if (!rules) {
		log_error("reload: refused; the old configuration and rules stay");
		config_release(&config);
		return;
	}
	struct ssl_ctx_st *tls;
	if (!daemon_load_syslog_tls(&config, &tls)) {
		log_error("reload: refused; the old configuration, rules and certificates stay");
		rules_free(rules);
		config_release(&config);
		return;
	}
	char error[512];
	if (!auth_reload(daemon->auth, config.api.token_file, error, sizeof(error))) {
		log_error("reload: refused; the old configuration stays: %s", error);
		tls_context_free(tls);
		rules_free(rules);
		config_release(&config);
		return;
	}
	const char *restart = config_needs_restart(&daemon->config, &config);
	if (restart)
		log_warning("reload: %s changes only at a restart", restart);
	struct config old = daemon->config;
	daemon->config = config;
	snmp_input_configure(daemon->snmp, &daemon->config);
	syslog_input_configure(daemon->syslog, &daemon->config);
	if (tls)
		syslog_input_set_tls(daemon->syslog, tls);
	engine_configure(daemon->engine, &daemon->config);
	rules_free(daemon->rules);
	daemon->rules = rules;
	set_up_log(&daemon->config, daemon->debug);
	config_release(&old);
	daemon_say_not_built(&daemon->config);
	log_info("reload: done, %zu rules", rules_count(rules));
}

static int
test_only(const struct config *config)
{
	struct rules *rules = daemon_load_rules(config);
	char error[512];
	struct ssl_ctx_st *tls;

	if (!rules)
		return 1;
	struct auth *auth = auth_new(config->api.token_file, error, sizeof(error));
	bool good = auth != NULL;
	if (!auth)
		log_error("%s", error);
	auth_free(auth);
	good = daemon_load_syslog_tls(config, &tls) && good;
	if (good) {
		daemon_say_not_built(config);
		printf("configuration and %zu rules are good\n", rules_count(rules));
	}
	tls_context_free(tls);
	rules_free(rules);
	return good ? 0 : 1;
}

int
main(int argc, char **argv)
{
	struct options options = { .config_path = CONFIG_DEFAULT };
	static struct daemon daemon;
	int status = parse_options(argc, argv, &options);

	if (status >= 0)
		return status;
	log_setup("dpwatchd", options.debug ? LEVEL_DEBUG : LEVEL_INFO, TO_STDERR);
	daemon.config_path = options.config_path;
	daemon.debug = options.debug;
	if (load_config(options.config_path, &daemon.config) != 0)
		return 1;
	if (options.test) {
		status = test_only(&daemon.config);
		config_release(&daemon.config);
		return status;
	}
	set_up_log(&daemon.config, options.debug);
	daemon_say_not_built(&daemon.config);
	signal(SIGPIPE, SIG_IGN);
	status = daemon_start(&daemon);
	if (status == 0) {
		loop_on_signal(daemon.loop, SIGTERM, on_stop, &daemon);
		loop_on_signal(daemon.loop, SIGINT, on_stop, &daemon);
		loop_on_signal(daemon.loop, SIGHUP, on_reload, &daemon);
		status = loop_run(daemon.loop) == 0 ? daemon.exit_status : 1;
	}
	daemon_release(&daemon);
	return status;
}
