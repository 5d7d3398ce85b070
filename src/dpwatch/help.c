#include <stdio.h>
#include <string.h>

#include "cli.h"

#define WIDTH 80
#define SUMMARY_COLUMN 34
#define OPTION_COLUMN 28

static const struct {
	const char *option, *help;
} global_options[] = {
	{ "--api unix:PATH|URL", "where the daemon is (DPWATCH_API; unix:/run/dpwatch/api.sock)" },
	{ "--token-file FILE", "read the token from there (or DPWATCH_TOKEN has it)" },
	{ "--ca FILE",
	    "authorities that an https: API's certificate may be of (DPWATCH_CA; the system's)" },
	{ "-o, --output table|json", "for people, or for programs" },
	{ "-v, --verbose", "say what is being done, also where standard error is no terminal" },
	{ "-h, --help", "this, or what a command takes" },
	{ "-V, --version", "" },
};

/* A text in lines that begin at a column, behind what already fills `used` columns of the first. */
static void
put_text(FILE *out, int used, int column, const char *text)
{
	if (*text && used > 0 && used + 2 > column)
		used = fprintf(out, "\n") - 1;
	if (*text)
		used += fprintf(out, "%*s", column - used, "");
	for (size_t len; *text; text += len + strspn(text + len, " ")) {
		len = strcspn(text, " ");
		if (used > column && (size_t)used + 1 + len > WIDTH)
			used = fprintf(out, "\n%*s", column, "") - 1;
		else if (used > column)
			used += fprintf(out, " ");
		used += fprintf(out, "%.*s", (int)len, text);
	}
	fprintf(out, "\n");
}

static void
put_option(FILE *out, const char *option, const char *help)
{
	put_text(out, fprintf(out, "  %s", option), OPTION_COLUMN, help);
}

static void
put_global_options(FILE *out)
{
	for (size_t i = 0; i < sizeof(global_options) / sizeof(global_options[0]); i++)
		put_option(out, global_options[i].option, global_options[i].help);
}

/* "--name ARG" */
static void
name_option(const struct cli_option *option, char *buf, size_t size)
{
	snprintf(buf, size, "--%s%s%s", option->name, option->arg ? " " : "",
	    option->arg ? option->arg : "");
}

static void
put_command(FILE *out, const struct cli_command *command)
{
	char name[64];
	int used =
	    fprintf(out, "  %s%s%s", command->words, *command->args ? " " : "", command->args);

	/* Flags are few enough to be seen at once. */
	for (const struct cli_option *option = command->options; option->name; option++) {
		name_option(option, name, sizeof(name));
		if ((size_t)used + strlen(" []") + strlen(name) > WIDTH)
			used = fprintf(out, "\n     ") - 1;
		used += fprintf(out, option->required ? " %s" : " [%s]", name);
	}
	put_text(out, used, SUMMARY_COLUMN, command->summary);
}

static bool
is_in_group(const struct cli_command *command, const char *group)
{
	size_t len = strlen(group);

	return strncmp(command->words, group, len) == 0 && command->words[len] == ' ';
}

void
help_all(FILE *out)
{
	fprintf(out,
	    "dpwatch asks and tells dpwatchd about switches, interfaces and logical ports.\n\n"
	    "usage: dpwatch [OPTION ...] COMMAND [ARGUMENT ...]\n\nCommands:\n");
	for (size_t i = 0; i < cli_n_commands; i++)
		put_command(out, &cli_commands[i]);
	fprintf(out, "\nOptions:\n");
	put_global_options(out);
	fprintf(
	    out, "\nExit status: 0 done, 1 refused or not found, 2 usage. Manual: dpwatch(1).\n");
}

void
help_group(FILE *out, const char *group)
{
	fprintf(out, "usage: dpwatch %s COMMAND\n\nCommands:\n", group);
	for (size_t i = 0; i < cli_n_commands; i++)
		if (is_in_group(&cli_commands[i], group))
			put_command(out, &cli_commands[i]);
}

void
help_command(FILE *out, const struct cli_command *command)
{
	char sentence[160];

	fprintf(out, "usage: dpwatch %s%s%s%s\n\n", command->words,
	    command->options[0].name ? " [OPTION ...]" : "", *command->args ? " " : "",
	    command->args);
	snprintf(sentence, sizeof(sentence), "%s.", command->summary);
	put_text(out, 0, 0, sentence);
	if (command->options[0].name)
		fprintf(out, "\nOptions:\n");
	for (const struct cli_option *option = command->options; option->name; option++) {
		char name[64];
		name_option(option, name, sizeof(name));
		put_option(out, name, option->help);
	}
	fprintf(out, "\nOptions of every command:\n");
	put_global_options(out);
}
