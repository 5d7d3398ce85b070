/*
 * Values as Python prints them. Neutron's messages quote what was sent in that way, and a test that compares ours with a real
 * Neutron's would trip over anything else.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/api_ports.h"

static void put_value(FILE *out, const json_t *value);

/* repr() of a string: in single quotes, unless that would need escapes and double quotes would not. */
static void
put_string(FILE *out, const char *text)
{
	char quote = strchr(text, '\'') && !strchr(text, '"') ? '"' : '\'';

	fputc(quote, out);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		if (c == (unsigned char)quote || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c == '\n' || c == '\r' || c == '\t')
			fprintf(out, "\\%c", c == '\n' ? 'n' : c == '\r' ? 'r' : 't');
		else if (c < 0x20 || c == 0x7f)
			fprintf(out, "\\x%02x", c);
		else
			fputc(c, out);
	}
	fputc(quote, out);
}

/* The fewest digits that are read back as the same number; a whole one keeps its ".0". */
static void
put_real(FILE *out, double number)
{
	char text[40];

	for (int digits = 1; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, number);
		if (strtod(text, NULL) == number)
			break;
	}
	fprintf(out, "%s%s", text, strpbrk(text, ".e") ? "" : ".0");
}

static void
put_container(FILE *out, const json_t *value)
{
	const char *separator = "", *name;
	size_t i;
	json_t *item;

	fputc(json_is_array(value) ? '[' : '{', out);
	json_array_foreach(value, i, item)
	{
		fputs(separator, out);
		put_value(out, item);
		separator = ", ";
	}
	json_object_foreach((json_t *)value, name, item)
	{
		fputs(separator, out);
		put_string(out, name);
		fputs(": ", out);
		put_value(out, item);
		separator = ", ";
	}
	fputc(json_is_array(value) ? ']' : '}', out);
}

static void
put_value(FILE *out, const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_NULL:
		fputs("None", out);
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		fputs(json_is_true(value) ? "True" : "False", out);
		break;
	case JSON_INTEGER:
		fprintf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		break;
	case JSON_REAL:
		put_real(out, json_real_value(value));
		break;
	case JSON_STRING:
		put_string(out, json_string_value(value));
		break;
	case JSON_ARRAY:
	case JSON_OBJECT:
		/* No deeper than jansson parses (JSON_PARSER_MAX_DEPTH, 2048). */
		put_container(out, value);
		break;
	}
}

char *
python_text(const json_t *value)
{
	char *text = NULL;
	size_t len = 0;

	if (json_is_string(value))
		return strdup(json_string_value(value));
	FILE *out = open_memstream(&text, &len);
	if (!out)
		return NULL;
	put_value(out, value);
	fclose(out);
	return text;
}
