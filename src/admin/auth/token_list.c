#include "admin/token_list.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/ascii.h"
#include "util/timeutil.h"

#define N_FIELDS 5

static const struct {
	const char *name;
	enum api_role role;
} roles[] = {
	{ "admin", ROLE_ADMIN },
	{ "integrator", ROLE_INTEGRATOR },
	{ "reader", ROLE_READER },
};
#define N_ROLES (sizeof(roles) / sizeof(roles[0]))

enum api_role
token_role_from(struct slice name)
{
	for (size_t i = 0; i < N_ROLES; i++)
		if (slice_eq_str(name, roles[i].name))
			return roles[i].role;
	return ROLE_NONE;
}

const char *
token_role_name(enum api_role role)
{
	for (size_t i = 0; i < N_ROLES; i++)
		if (roles[i].role == role)
			return roles[i].name;
	return "none";
}

static bool
is_name_char(char c)
{
	return is_alpha(c) || is_digit(c) || c == '.' || c == '_' || c == '-';
}

bool
token_name_good(struct slice name)
{
	for (size_t i = 0; i < name.len; i++)
		if (!is_name_char(name.data[i]))
			return false;
	return name.len > 0 && name.len <= TOKEN_NAME_MAX;
}

bool
token_project_good(struct slice project)
{
	for (size_t i = 0; i < project.len; i++)
		if (project.data[i] <= ' ' || project.data[i] > '~')
			return false;
	return project.len > 0 && project.len <= TOKEN_PROJECT_MAX && !slice_eq_str(project, "-");
}

/* ---- reading ---- */

/* As we write them: in lower case alone. */
static int
digest_digit(char c)
{
	return is_upper(c) ? -1 : hex_value(c);
}

static bool
take_digest(struct slice text, uint8_t ret_digest[TOKEN_DIGEST])
{
	if (text.len != 2 * TOKEN_DIGEST)
		return false;
	for (size_t i = 0; i < TOKEN_DIGEST; i++) {
		int high = digest_digit(text.data[2 * i]), low = digest_digit(text.data[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		ret_digest[i] = (uint8_t)(high * 16 + low);
	}
	return true;
}

/* Cuts a line at its blanks. How many fields there are; N_FIELDS + 1 stands for more. */
static size_t
cut(struct slice line, struct slice fields[N_FIELDS])
{
	size_t n = 0;

	for (line = slice_trim(line); line.len > 0; line = slice_trim(line)) {
		size_t len = 0;
		while (len < line.len && line.data[len] != ' ' && line.data[len] != '\t')
			len++;
		if (n == N_FIELDS)
			return N_FIELDS + 1;
		fields[n++] = slice_first(line, len);
		line = slice_from(line, len);
	}
	return n;
}

/* What is wrong with a line; NULL: nothing. */
static const char *
take_line(struct slice line, struct token *ret_token)
{
	struct slice fields[N_FIELDS];

	*ret_token = (struct token){ .role = ROLE_NONE };
	if (cut(line, fields) != N_FIELDS)
		return "a line has five fields: NAME ROLE PROJECT SHA-256 CREATED";
	if (!token_name_good(fields[0]))
		return "the name is none: at most 63 letters, digits, '.', '_' and '-'";
	ret_token->role = token_role_from(fields[1]);
	if (ret_token->role == ROLE_NONE)
		return "the role is none of admin, integrator, reader";
	bool has_project = !slice_eq_str(fields[2], "-");
	if (has_project != (ret_token->role == ROLE_READER) ||
	    (has_project && !token_project_good(fields[2])))
		return "readers have a project, and nobody else ('-')";
	if (!take_digest(fields[3], ret_token->digest))
		return "the digest has not 64 digits of 0-9a-f";
	if (!timeutil_parse(fields[4], &ret_token->created_us))
		return "the time is none";
	slice_copy(fields[0], ret_token->name, sizeof(ret_token->name));
	if (has_project)
		slice_copy(fields[2], ret_token->project, sizeof(ret_token->project));
	return NULL;
}

static int
refuse_line(struct token_list *list, size_t number, const char *problem, char *error, size_t size)
{
	token_list_release(list);
	snprintf(error, size, "line %zu: %s", number, problem);
	return -EINVAL;
}

static const char *
add_problem(int result)
{
	return result == -EEXIST   ? "the name stands there twice"
	       : result == -ENOSPC ? "there are too many tokens"
				   : "out of memory";
}

int
token_list_parse(struct slice text, struct token_list *ret_list, char *error, size_t size)
{
	size_t number = 0;
	struct token token;

	*ret_list = (struct token_list){ 0 };
	while (text.len > 0) {
		long end = slice_find(text, SLICE("\n"));
		struct slice line = end < 0 ? text : slice_first(text, (size_t)end);
		text = end < 0 ? slice_from(text, text.len) : slice_from(text, (size_t)end + 1);
		line = slice_trim(line);
		number++;
		if (line.len == 0 || line.data[0] == '#')
			continue;
		const char *problem = take_line(line, &token);
		if (problem)
			return refuse_line(ret_list, number, problem, error, size);
		int r = token_list_add(ret_list, &token);
		if (r != 0) {
			refuse_line(ret_list, number, add_problem(r), error, size);
			return r == -ENOMEM ? r : -EINVAL;
		}
	}
	return 0;
}

/* ---- writing ---- */

static void
put_token(FILE *out, const struct token *token)
{
	char created[TIMEUTIL_TEXT];

	fprintf(out, "%s %s %s ", token->name, token_role_name(token->role),
	    token->project[0] != '\0' ? token->project : "-");
	for (size_t i = 0; i < TOKEN_DIGEST; i++)
		fprintf(out, "%02x", token->digest[i]);
	timeutil_format(token->created_us, created);
	fprintf(out, " %s\n", created);
}

char *
token_list_format(const struct token_list *list)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	fputs("# Tokens of dpwatch's API: NAME ROLE PROJECT SHA-256 CREATED. dpwatch token add "
	      "makes one.\n",
	    out);
	for (size_t i = 0; i < list->n; i++)
		put_token(out, &list->items[i]);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

/* ---- the list ---- */

static size_t
find(const struct token_list *list, struct slice name)
{
	size_t i = 0;

	while (i < list->n && !slice_eq_str(name, list->items[i].name))
		i++;
	return i;
}

int
token_list_add(struct token_list *list, const struct token *token)
{
	if (find(list, slice_of(token->name)) < list->n)
		return -EEXIST;
	if (list->n == TOKENS_MAX)
		return -ENOSPC;
	struct token *items = realloc(list->items, (list->n + 1) * sizeof(*items));
	if (!items)
		return -ENOMEM;
	list->items = items;
	items[list->n++] = *token;
	return 0;
}

bool
token_list_remove(struct token_list *list, struct slice name)
{
	size_t i = find(list, name);

	if (i == list->n)
		return false;
	memmove(&list->items[i], &list->items[i + 1], (list->n - i - 1) * sizeof(*list->items));
	list->n--;
	return true;
}

const struct token *
token_list_match(const struct token_list *list, const uint8_t digest[TOKEN_DIGEST])
{
	const struct token *found = NULL;

	for (size_t i = 0; i < list->n; i++)
		if (CRYPTO_memcmp(list->items[i].digest, digest, TOKEN_DIGEST) == 0)
			found = &list->items[i];
	return found;
}

void
token_list_release(struct token_list *list)
{
	free(list->items);
	*list = (struct token_list){ 0 };
}
