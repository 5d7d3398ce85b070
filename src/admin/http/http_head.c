#include "admin/http_head.h"

#include <string.h>

void
http_head_clear(struct http_head *head)
{
	head->len = 0;
	head->begun = head->ended = false;
	head->body = 0;
	head->token[0] = '\0';
}

struct slice
http_token_of(struct slice auth_token, struct slice authorization)
{
	struct slice token = slice_trim(auth_token), bearer = slice_trim(authorization);

	if (token.len == 0 && bearer.len > 7 &&
	    slice_case_eq_str(slice_first(bearer, 7), "Bearer "))
		token = slice_trim(slice_from(bearer, 7));
	/* What openstack's client says when it has none. */
	return slice_eq_str(token, "notused") ? SLICE("") : token;
}

/* A line without its end. */
static void
take_line(struct http_head *head, struct slice line)
{
	const char *colon = memchr(line.data, ':', line.len);
	unsigned long long number;

	if (!colon)
		return;
	struct slice name = slice_first(line, (size_t)(colon - line.data));
	struct slice value = slice_trim(slice_from(line, name.len + 1)), token = SLICE("");
	if (slice_case_eq_str(name, "Content-Length"))
		head->body = slice_to_uint(value, INT64_MAX, &number) ? number : UINT64_MAX;
	else if (slice_case_eq_str(name, "Transfer-Encoding"))
		head->body = UINT64_MAX;
	else if (slice_case_eq_str(name, "X-Auth-Token"))
		token = http_token_of(value, SLICE(""));
	else if (slice_case_eq_str(name, "Authorization") && head->token[0] == '\0')
		token = http_token_of(SLICE(""), value);
	if (token.len > 0)
		slice_copy(token, head->token, sizeof(head->token));
}

static void
line_ends(struct http_head *head)
{
	struct slice line = { head->line, head->len };

	if (line.len > 0 && line.len <= HTTP_HEAD_LINE && line.data[line.len - 1] == '\r')
		line.len--;
	/* Empty lines before a request are none of it (RFC 9112, 2.2). */
	if (line.len == 0)
		head->ended = head->begun;
	else if (line.len <= HTTP_HEAD_LINE && head->begun)
		take_line(head, line);
	head->begun |= line.len > 0;
	head->len = 0;
}

bool
http_head_feed(struct http_head *head, struct slice bytes)
{
	while (bytes.len > 0 && !head->ended) {
		const char *end = memchr(bytes.data, '\n', bytes.len);
		size_t n = end ? (size_t)(end - bytes.data) : bytes.len;
		if (head->len < HTTP_HEAD_LINE) {
			size_t room = HTTP_HEAD_LINE - head->len;
			memcpy(head->line + head->len, bytes.data, n < room ? n : room);
		}
		head->len += n;
		bytes = slice_from(bytes, end ? n + 1 : n);
		if (end)
			line_ends(head);
		if (head->ended)
			return true;
	}
	return false;
}
