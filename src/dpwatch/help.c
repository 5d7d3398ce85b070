#include <stdio.h>
#include <string.h>

#include "cli.h"

#define SUMMARY_COLUMN 44

static const char global_options[] =
    "  --api unix:PATH|URL       where the daemon is (DPWATCH_API; unix:/run/dpwatch/api.sock)\n"
    "  --token-file FILE         read the token from there (or DPWATCH_TOKEN has it)\n"
    "  --ca FILE                 authorities that an https: API's certificate may be of (DPWATCH_CA; the system's)\n"
    "  -o, --output table|json   for people, or for programs\n"
    "  -v, --verbose             say what is being done, also where standard error is no terminal\n"
    "  -h, --help                this, or what a command takes\n"
    "  -V, --version\n";

static void
put_command(FILE *out, const struct cli_command *command)
{
	int used =
	    fprintf(out, "  %s%s%s", command->words, *command->args ? " " : "", command->args);

	/* Flags are few enough to be seen at once. */
	for (const struct cli_option *option = command->options; option->name; option++)
		used += fprintf(out, " %s--%s%s%s%s", option->required ? "" : "[", option->name,
		    option->arg ? " " : "", option->arg ? option->arg : "",
		    option->required ? "" : "]");
	if (used + 2 > SUMMARY_COLUMN)
		used = fprintf(out, "\n") - 1;
	fprintf(out, "%*s%s\n", SUMMARY_COLUMN - used, "", command->summary);
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
	fprintf(out,
	    "\nOptions:\n%s\nExit status: 0 done, 1 refused or not found, 2 usage. Manual: dpwatch(1).\n",
	    global_options);
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
	fprintf(out, "usage: dpwatch %s%s%s%s\n\n%s.\n", command->words,
	    command->options[0].name ? " [OPTION ...]" : "", *command->args ? " " : "",
	    command->args, command->summary);
	if (command->options[0].name)
		fprintf(out, "\nOptions:\n");
	for (const struct cli_option *option = command->options; option->name; option++) {
		char text[64];
		snprintf(text, sizeof(text), "--%s%s%s", option->name, option->arg ? " " : "",
		    option->arg ? option->arg : "");
		fprintf(out, "  %-25s %s\n", text, option->help);
	}
	fprintf(out, "\nOptions of every command:\n%s", global_options);
}
