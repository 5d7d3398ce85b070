/*
 * The configuration and all the files that it names: read together, at the start (-t) and at SIGHUP. All or nothing: a faulty
 * file, wherever it is, leaves everything as it was.
 */
#include <stdio.h>
#include <string.h>

#include "admin/auth.h"
#include "daemon.h"
#include "io/config_file.h"
#include "io/redis_blocking.h"
#include "tls/tls_context.h"

/* What a configuration names, read. */
struct files {
	struct rules *rules;
	struct auth *auth;
	struct ssl_ctx_st *syslog_tls, *api_tls; /* NULL: not listened for */
};

static void
files_release(struct files *files)
{
	rules_free(files->rules);
	auth_free(files->auth);
	tls_context_free(files->syslog_tls);
	tls_context_free(files->api_tls);
}

/* Every file is tried, so that all that is wrong is told at once. False after error lines. */
static bool
files_load(const struct config *config, struct files *ret_files)
{
	char error[512];

	*ret_files = (struct files){
		.rules = daemon_load_rules(config),
		.auth = auth_new(config->api.token_file, error, sizeof(error)),
	};
	if (!ret_files->auth)
		log_error("%s", error);
	bool good = ret_files->rules && ret_files->auth;
	if (snmp_input_check(config, error, sizeof(error)) != 0) {
		log_error("%s", error);
		good = false;
	}
	if (poller_check(config, error, sizeof(error)) != 0) {
		log_error("%s", error);
		good = false;
	}
	good = daemon_load_syslog_tls(config, &ret_files->syslog_tls) && good;
	good = daemon_load_api_tls(config, &ret_files->api_tls) && good;
	if (!good)
		files_release(ret_files);
	return good;
}

/* At the start it is waited for, as Redis itself is; here it is a fault. */
static bool
password_is_there(const struct config *config)
{
	char password[REDIS_PASSWORD_MAX];
	int r = config->redis.password_file
		    ? redis_password_read(config->redis.password_file, password, sizeof(password))
		    : 0;

	explicit_bzero(password, sizeof(password));
	if (r != 0)
		log_error(
		    "[redis] password_file %s: %s", config->redis.password_file, strerror(-r));
	return r == 0;
}

int
daemon_test(const struct config *config)
{
	struct files files;

	const bool folders = daemon_check_folders(config);
	if (!files_load(config, &files))
		return 1;
	if (!password_is_there(config) || !folders) {
		files_release(&files);
		return 1;
	}
	printf("configuration and %zu rules are good\n", rules_count(files.rules));
	files_release(&files);
	return 0;
}

/* Keys that change only at a restart keep what the daemon runs with; the log says which. */
static void
keep_running(struct daemon *daemon, struct config *config)
{
	char keys[CONFIG_KEYS_MAX];
	const size_t n = config_needs_restart(&daemon->config, config, keys);

	if (n > 0)
		log_warning("reload: %s %s only at a restart", keys, n > 1 ? "change" : "changes");
	config_keep_running(&daemon->config, config);
}

/* Both are owned by the daemon from now on. */
static void
put_in_force(struct daemon *daemon, struct config config, const struct files *files)
{
	struct config old = daemon->config;

	/* What is held names rules that go. */
	daemon_flush_held(daemon);
	daemon->config = config;
	overload_configure(daemon->overload, config.snmp.bucket_rate, config.snmp.bucket_burst);
	snmp_input_configure(daemon->snmp, &daemon->config);
	syslog_input_configure(daemon->syslog, &daemon->config);
	if (files->syslog_tls)
		syslog_input_set_tls(daemon->syslog, files->syslog_tls);
	if (files->api_tls)
		http_set_tls(daemon->http, files->api_tls);
	http_configure(daemon->http, &daemon->config);
	auth_take(daemon->auth, files->auth);
	outbox_set_max(daemon->outbox, daemon->config.redis.journal_max);
	journal_set_max(daemon->journal, daemon->config.redis.journal_max);
	publisher_set_events_max(daemon->publisher, daemon->config.redis.events_max_length);
	engine_configure(daemon->engine, &daemon->config, loop_now(daemon->loop));
	poller_configure(daemon->poller, &daemon->config);
	daemon_poll_topology(daemon);
	rules_free(daemon->rules);
	daemon->rules = files->rules;
	config_file_set_up_log(&daemon->config, "dpwatchd", daemon->debug);
	config_release(&old);
}

void
daemon_reload(struct daemon *daemon)
{
	struct config config;
	struct files files;

	if (config_file_load(daemon->config_path, &config) != 0) {
		log_error("reload: refused; the old configuration stays");
		return;
	}
	if (!files_load(&config, &files)) {
		log_error("reload: refused; the old configuration and files stay");
		config_release(&config);
		return;
	}
	keep_running(daemon, &config);
	put_in_force(daemon, config, &files);
	daemon_turn_end(daemon);
	log_info("reload: done, %zu rules", rules_count(daemon->rules));
}
