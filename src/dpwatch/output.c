#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>
#include <wctype.h>

#include "cli.h"
#include "core/config.h"
#include "util/timeutil.h"

const char *
cli_value(const struct cli *cli, const char *name)
{
	for (size_t i = 0; i < CLI_OPTIONS_MAX && cli->command->options[i].name; i++)
		if (strcmp(cli->command->options[i].name, name) == 0)
			return cli->values[i];
	return NULL;
}

int
cli_refuse(const char *format, ...)
{
	va_list args;

	fputs("dpwatch: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	return CLI_REFUSED;
}

int
cli_misuse(const struct cli *cli, const char *format, ...)
{
	va_list args;

	fputs("dpwatch: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\nTry 'dpwatch %s --help'.\n", cli->command->words);
	return CLI_USAGE;
}

bool
cli_number(const struct cli *cli, const char *name, unsigned long long low, unsigned long long high,
    unsigned long long *ret_value)
{
	const char *text = cli_value(cli, name);
	unsigned long long value;

	if (!text)
		return true;
	if (!slice_to_uint(slice_of(text), high, &value) || value < low) {
		cli_misuse(cli, "--%s must be a number from %llu to %llu and not '%s'", name, low,
		    high, text);
		return false;
	}
	*ret_value = value;
	return true;
}

bool
cli_span(const struct cli *cli, const char **ret_span)
{
	const char *span = cli_value(cli, "for");
	int64_t ms;

	if (span && !config_duration_parse(slice_of(span), &ms)) {
		cli_misuse(cli, "--for takes a duration, as 2h or 30min, and not '%s'", span);
		return false;
	}
	*ret_span = span;
	return true;
}

/* ---- JSON ---- */

void
cli_print_json(const struct cli *cli, const json_t *json)
{
	(void)cli;
	json_dumpf(json, stdout, isatty(STDOUT_FILENO) ? JSON_INDENT(2) : JSON_COMPACT);
	putchar('\n');
}

void
cli_print_list(const struct cli *cli, const char *name, json_t *list)
{
	json_t *answer = json_pack("{s:O}", name, list);

	cli_print_json(cli, answer);
	json_decref(answer);
}

const char *
json_text(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

json_int_t
json_number(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

bool
json_flag(const json_t *object, const char *name)
{
	return json_is_true(json_object_get(object, name));
}

const char *
json_ago(const json_t *object, const char *name, char *buf)
{
	struct timespec now;
	int64_t at_us;

	if (!timeutil_parse(slice_of(json_text(object, name)), &at_us))
		return "-";
	clock_gettime(CLOCK_REALTIME, &now);
	int64_t now_us = (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
	/* What has happened lies in the past, also by a daemon's clock that is a little ahead of ours. */
	timeutil_relative(at_us < now_us ? at_us : now_us, now_us, buf);
	return buf;
}

const char *
json_when(const json_t *object, const char *name, char buf[JSON_WHEN])
{
	char ago[TIMEUTIL_RELATIVE];
	const char *relative = json_ago(object, name, ago);

	if (relative != ago)
		return relative;
	/* To the second: who needs more asks for JSON. */
	snprintf(buf, JSON_WHEN, "%s (%.19sZ)", ago, json_text(object, name));
	return buf;
}

struct sort_keys {
	const char *first, *second;
};

static int
compare_objects(const void *a, const void *b, void *ctx)
{
	const struct sort_keys *keys = ctx;
	const json_t *x = *(json_t *const *)a, *y = *(json_t *const *)b;
	int order = strverscmp(json_text(x, keys->first), json_text(y, keys->first));

	return order != 0 ? order
			  : strverscmp(json_text(x, keys->second), json_text(y, keys->second));
}

void
json_sort(json_t *list, const char *first, const char *second)
{
	struct sort_keys keys = { first, second };
	size_t n = json_array_size(list);
	json_t **objects = calloc(n + 1, sizeof(json_t *));

	/* Out of memory: in the order in which they came. */
	if (!objects)
		return;
	for (size_t i = 0; i < n; i++)
		objects[i] = json_incref(json_array_get(list, i));
	qsort_r(objects, n, sizeof(json_t *), compare_objects, &keys);
	for (size_t i = 0; i < n; i++)
		json_array_set_new(list, i, objects[i]);
	free(objects);
}

/* ---- what a terminal may be given ---- */

char *
text_clean(const char *text)
{
	size_t left = strlen(text), len;
	char *clean = malloc(left + 1), *to = clean;
	mbstate_t state = { 0 };

	for (; clean && left > 0; text += len, left -= len) {
		wchar_t c;
		len = mbrtowc(&c, text, left, &state);
		if (len == 0 || len > left) {
			/* Not of this locale. */
			state = (mbstate_t){ 0 };
			len = 1;
			*to++ = '?';
		} else if (!iswprint((wint_t)c)) {
			*to++ = '?';
		} else {
			memcpy(to, text, len);
			to += len;
		}
	}
	if (clean)
		*to = '\0';
	return clean;
}

void
print_clean(FILE *out, const char *text)
{
	char *clean = text_clean(text);

	fputs(clean ? clean : "", out);
	free(clean);
}

void
print_lines(int width, const char *title, const json_t *texts)
{
	const json_t *text;
	size_t i;

	json_array_foreach(texts, i, text)
	{
		printf("%-*s", width, i == 0 ? title : "");
		print_clean(stdout, json_string_value(text));
		putchar('\n');
	}
}

int
cli_delete(struct cli *cli, const char *collection, const char *name)
{
	char *escaped = client_escape(name), *target = NULL;
	struct client_reply reply;
	int status = CLI_REFUSED;

	if (asprintf(&target, "%s%s", collection, escaped) > 0 &&
	    client_delete(cli->client, target, &reply) == CLIENT_OK) {
		if (cli->json)
			cli_print_json(cli, reply.json);
		else
			printf("removed\n");
		client_reply_release(&reply);
		status = CLI_DONE;
	}
	free(target);
	free(escaped);
	return status;
}
