/*
 * Reading the rules' files. A faulty one is said with file and line, and then there is no new set at all.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon.h"

#define RULES_FILE_MAX (1 << 20)

static int
is_rules_file(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return len > 6 && entry->d_name[0] != '.' && strcmp(entry->d_name + len - 6, ".rules") == 0;
}

static bool
add_rules_file(struct rules *rules, const char *dir, const char *name)
{
	char path[1024];
	struct rules_fault fault;
	bool ok = false;

	snprintf(path, sizeof(path), "%.700s/%.300s", dir, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *bytes = malloc(RULES_FILE_MAX);
	ssize_t len = fd >= 0 && bytes ? read(fd, bytes, RULES_FILE_MAX) : -1;
	if (len < 0)
		log_error("rules: %s: %s", path, strerror(errno));
	else if (len == RULES_FILE_MAX)
		log_error("rules: %s: larger than %d bytes", path, RULES_FILE_MAX - 1);
	else if (rules_add_file(rules, path, (struct slice){ bytes, (size_t)len }, &fault) != 0)
		log_error("rules: %s", fault.text);
	else
		ok = true;
	free(bytes);
	if (fd >= 0)
		close(fd);
	return ok;
}

/* A directory that is not there holds no rules: the operator's own need not exist. */
static bool
add_rules_dir(struct rules *rules, const char *dir)
{
	struct dirent **entries;
	int n = scandir(dir, &entries, is_rules_file, alphasort);
	bool ok = true;

	if (n < 0 && errno != ENOENT)
		log_error("rules: rules_dir %s: %s", dir, strerror(errno));
	if (n < 0)
		return errno == ENOENT;
	for (int i = 0; i < n; i++) {
		ok = ok && add_rules_file(rules, dir, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	return ok;
}

struct rules *
daemon_load_rules(const struct config *config)
{
	struct rules *rules = rules_new();
	bool ok = rules != NULL;

	for (size_t i = 0; ok && i < config->syslog.rules_dir.n; i++)
		ok = add_rules_dir(rules, config->syslog.rules_dir.items[i]);
	if (ok && rules_finish(rules) == 0)
		return rules;
	rules_free(rules);
	return NULL;
}
