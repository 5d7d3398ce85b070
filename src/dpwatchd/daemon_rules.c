/*
 * Reading the rules' files. A faulty one is said with file and line, and then there is no new set at all.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon.h"
#include "util/files.h"

static bool
add_rules_file(struct rules *rules, const char *path)
{
	struct rules_fault fault = { "out of memory" };
	char *bytes;
	size_t len;
	int r = files_read(path, RULES_FILE_MAX, &bytes, &len);

	if (r != 0) {
		log_error("rules: %s: %s", path, strerror(-r));
		return false;
	}
	r = rules_add_file(rules, path, (struct slice){ bytes, len }, &fault);
	if (r != 0)
		log_error("rules: %s", fault.text);
	free(bytes);
	return r == 0;
}

/* A directory that is not there holds no rules: the operator's own need not exist. */
static bool
add_rules_dir(struct rules *rules, const char *dir)
{
	char **paths = NULL;
	size_t n = 0;
	bool ok = true;
	int r = files_list(dir, ".rules", &paths, &n);

	if (r != 0 && r != -ENOENT)
		log_error("rules: rules_dir %s: %s", dir, strerror(-r));
	if (r != 0)
		return r == -ENOENT;
	for (size_t i = 0; i < n && ok; i++)
		ok = add_rules_file(rules, paths[i]);
	files_list_free(paths, n);
	return ok;
}

/* Legal, but hardly meant: a typing error in rules_dir, or a daemon that was never installed. */
static void
say_if_none(const struct config *config, const struct rules *rules)
{
	const struct config_list *dirs = &config->syslog.rules_dir;

	if (rules_count(rules) > 0)
		return;
	log_warning(NO_RULES);
	for (size_t i = 0; i < dirs->n; i++)
		log_warning("[syslog] rules_dir %s: no *.rules there", dirs->items[i]);
}

struct rules *
daemon_load_rules(const struct config *config)
{
	struct rules *rules = rules_new();
	bool ok = rules != NULL;

	for (size_t i = 0; ok && i < config->syslog.rules_dir.n; i++)
		ok = add_rules_dir(rules, config->syslog.rules_dir.items[i]);
	if (ok && rules_finish(rules) == 0) {
		say_if_none(config, rules);
		return rules;
	}
	rules_free(rules);
	return NULL;
}
