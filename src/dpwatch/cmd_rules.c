/*
 * rules test: the samples beside the rules, and lines that somebody brings, through the code that the daemon runs. No daemon
 * is asked, unless --switch names a switch of its map.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "core/config.h"
#include "rules_lines.h"
#include "util/files.h"

/* ---- reading rules ---- */

struct rules_source {
	const struct cli *cli;
	struct rules *rules;
	size_t n_files;
};

static int
add_file(struct rules_source *source, const char *path)
{
	struct rules_fault fault = { "out of memory" };
	char *bytes;
	size_t len;
	int r = files_read(path, RULES_FILE_MAX, &bytes, &len);

	if (r != 0)
		return cli_refuse("%s: %s", path, strerror(-r));
	r = rules_add_file(source->rules, path, (struct slice){ bytes, len }, &fault);
	free(bytes);
	if (r != 0)
		return cli_refuse("%s", fault.text);
	source->n_files++;
	return CLI_DONE;
}

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Whether a file named on the command line takes the place of this one. */
static bool
is_replaced(const struct cli *cli, const char *path)
{
	for (int i = 0; i < cli->n_args; i++)
		if (strcmp(base_name(cli->args[i]), base_name(path)) == 0)
			return true;
	return false;
}

/* As the daemon reads its rules_dir; `may_lack`: a folder that is not there holds no rules. */
static int
add_folder(struct rules_source *source, const char *folder, bool may_lack)
{
	char **paths = NULL;
	size_t n = 0;
	int r = files_list(folder, ".rules", &paths, &n), status = CLI_DONE;

	if (r == -ENOENT && may_lack)
		return CLI_DONE;
	if (r != 0)
		return cli_refuse("%s: %s", folder, strerror(-r));
	if (n == 0 && !may_lack)
		status = cli_refuse("%s holds no *.rules", folder);
	for (size_t i = 0; i < n && status == CLI_DONE; i++)
		if (!is_replaced(source->cli, paths[i]))
			status = add_file(source, paths[i]);
	files_list_free(paths, n);
	return status;
}

/* The folders that the daemon reads where its configuration names none. */
static int
add_default_folders(struct rules_source *source)
{
	struct config config;
	int status = CLI_DONE;

	if (config_defaults(&config) != 0)
		return cli_refuse("out of memory");
	for (size_t i = 0; i < config.syslog.rules_dir.n && status == CLI_DONE; i++)
		status = add_folder(source, config.syslog.rules_dir.items[i], true);
	if (status == CLI_DONE && source->n_files == 0 && source->cli->n_args == 0)
		status = cli_refuse("no *.rules in %s: name files, or a folder with --rules",
		    config.syslog.rules_dir.n > 0 ? config.syslog.rules_dir.items[0] : "");
	config_release(&config);
	return status;
}

/* The files named stand beside those of the folders, as if they were installed. */
static int
read_rules(struct rules_source *source)
{
	const struct cli *cli = source->cli;
	const char *folder = cli_value(cli, "rules");
	int status;

	source->rules = rules_new();
	if (!source->rules)
		return cli_refuse("out of memory");
	status = folder ? add_folder(source, folder, false) : add_default_folders(source);
	for (int i = 0; i < cli->n_args && status == CLI_DONE; i++)
		status = add_file(source, cli->args[i]);
	if (status == CLI_DONE && rules_finish(source->rules) != 0)
		status = cli_refuse("out of memory");
	return status;
}

/* ---- the samples ---- */

static void
on_disagreement(void *ctx, const char *text)
{
	json_array_append_new(ctx, json_string(text));
}

/* How many disagree; each is said on standard error, or goes into *ret_list, which the caller frees. */
static size_t
check_samples(const struct rules *rules, size_t *ret_samples, json_t **ret_list)
{
	json_t *list = json_array();
	size_t n = rules_check_samples(rules, on_disagreement, list, ret_samples);

	*ret_list = list;
	return n;
}

static void
tell_disagreements(const json_t *list)
{
	const json_t *text;
	size_t i;

	json_array_foreach(list, i, text)
	{
		print_clean(stderr, json_string_value(text));
		fputc('\n', stderr);
	}
}

static void
print_samples(
    const struct cli *cli, const struct rules_source *source, size_t n_samples, json_t *list)
{
	size_t n_bad = json_array_size(list);

	if (cli->json) {
		json_t *answer = json_pack("{s:b, s:I, s:I, s:I, s:O}", "good", n_bad == 0, "files",
		    (json_int_t)source->n_files, "rules", (json_int_t)rules_count(source->rules),
		    "samples", (json_int_t)n_samples, "disagree", list);
		cli_print_json(cli, answer);
		json_decref(answer);
		return;
	}
	tell_disagreements(list);
	printf("%zu file%s, %zu rule%s, %zu sample%s: ", source->n_files,
	    source->n_files == 1 ? "" : "s", rules_count(source->rules),
	    rules_count(source->rules) == 1 ? "" : "s", n_samples, n_samples == 1 ? "" : "s");
	if (n_bad == 0)
		printf("all agree\n");
	else
		printf("%zu disagree%s\n", n_bad, n_bad == 1 ? "s" : "");
}

/* ---- the command ---- */

static int
test_lines(struct cli *cli, const struct rules *rules, const json_t *disagreements)
{
	int status = rules_lines_test(cli, rules);

	/* A set whose own samples disagree proves nothing about other lines. */
	tell_disagreements(disagreements);
	if (status == CLI_DONE && json_array_size(disagreements) > 0)
		status = cli_refuse(
		    "%zu of the rules' own samples disagree", json_array_size(disagreements));
	return status;
}

int
cmd_rules_test(struct cli *cli)
{
	struct rules_source source = { .cli = cli };
	json_t *disagreements = NULL;
	size_t n_samples, n_bad;
	bool lines = cli_value(cli, "lines") != NULL;

	if (!lines &&
	    (cli_value(cli, "os") || cli_value(cli, "topology") || cli_value(cli, "switch")))
		return cli_misuse(cli, "--os, --topology and --switch go with --lines");
	int status = read_rules(&source);
	if (status == CLI_DONE) {
		n_bad = check_samples(source.rules, &n_samples, &disagreements);
		if (lines)
			status = test_lines(cli, source.rules, disagreements);
		else
			print_samples(cli, &source, n_samples, disagreements);
		if (n_bad > 0)
			status = CLI_REFUSED;
	}
	json_decref(disagreements);
	rules_free(source.rules);
	return status;
}
