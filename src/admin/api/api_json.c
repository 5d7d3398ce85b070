#include "admin/api_json.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/timeutil.h"

/* U+FFFD, REPLACEMENT CHARACTER */
#define REPLACEMENT "\xef\xbf\xbd"

/* The length of the UTF-8 sequence at the start of s (RFC 3629 section 4), or 0 where there is none. */
static size_t
utf8_len(const unsigned char *s, size_t len)
{
	static const struct {
		unsigned char first_low, first_high, second_low, second_high;
		size_t len;
	} forms[] = {
		{ 0x01, 0x7f, 0, 0, 1 }, { 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 }, /* no overlong forms */
		{ 0xe1, 0xec, 0x80, 0xbf, 3 }, { 0xed, 0xed, 0x80, 0x9f, 3 }, /* no surrogates */
		{ 0xee, 0xef, 0x80, 0xbf, 3 }, { 0xf0, 0xf0, 0x90, 0xbf, 4 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 }, /* nothing beyond U+10FFFF */
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (s[0] < forms[i].first_low || s[0] > forms[i].first_high)
			continue;
		if (len < forms[i].len)
			return 0;
		if (forms[i].len > 1 && (s[1] < forms[i].second_low || s[1] > forms[i].second_high))
			return 0;
		for (size_t k = 2; k < forms[i].len; k++)
			if (s[k] < 0x80 || s[k] > 0xbf)
				return 0;
		return forms[i].len;
	}
	return 0;
}

json_t *
api_json_bytes(struct slice bytes)
{
	const unsigned char *s = (const unsigned char *)bytes.data;
	char *clean;
	size_t n = 0;

	if (bytes.len == 0)
		return json_string("");
	clean = malloc(bytes.len * strlen(REPLACEMENT));
	if (!clean)
		return NULL;
	for (size_t i = 0; i < bytes.len;) {
		size_t len = utf8_len(s + i, bytes.len - i);
		if (len > 0) {
			memcpy(clean + n, s + i, len);
			n += len;
			i += len;
		} else {
			memcpy(clean + n, REPLACEMENT, strlen(REPLACEMENT));
			n += strlen(REPLACEMENT);
			i++;
		}
	}
	json_t *text = json_stringn(clean, n);
	free(clean);
	return text;
}

json_t *
api_json_text(const char *text)
{
	json_t *json = json_string(text ? text : "");

	/* json_string refuses what is not UTF-8. */
	return json ? json : api_json_bytes(slice_of(text));
}

json_t *
api_json_text_or_null(const char *text)
{
	return text && text[0] != '\0' ? api_json_text(text) : json_null();
}

json_t *
api_json_time(int64_t us)
{
	char buf[TIMEUTIL_TEXT];

	if (us == 0)
		return json_null();
	timeutil_format(us, buf);
	return json_string(buf);
}

json_t *
api_json_number_or_null(uint64_t number)
{
	return number > 0 ? json_integer((json_int_t)number) : json_null();
}

json_t *
api_json_faults(const struct topo_faults *faults)
{
	json_t *list = json_array();

	for (size_t i = 0; faults && i < faults->n; i++) {
		const struct topo_fault *fault = &faults->items[i];
		json_array_append_new(
		    list, json_pack("{s:o, s:o, s:b}", "path", api_json_text(fault->path), "reason",
			      api_json_text(fault->reason), "warning", fault->warning));
	}
	return list;
}

void
api_reply_text(
    struct api_response *response, int status, const char *content_type, char *taken, size_t len)
{
	free(response->body);
	response->body = taken;
	response->len = taken ? len : 0;
	response->status = taken ? status : 500;
	response->content_type = content_type;
	response->deferred = API_DONE;
}

void
api_reply(struct api_response *response, int status, json_t *taken)
{
	char *text = taken ? json_dumps(taken, JSON_COMPACT) : NULL;

	json_decref(taken);
	api_reply_text(response, status, "application/json", text, text ? strlen(text) : 0);
}

void
api_refuse(struct api_response *response, int status, const char *type, const char *format, ...)
{
	char *message;
	va_list args;

	va_start(args, format);
	if (vasprintf(&message, format, args) < 0)
		message = NULL;
	va_end(args);
	api_reply(response, status,
	    json_pack("{s:{s:s, s:o, s:s}}", "NeutronError", "type", type, "message",
		api_json_text(message), "detail", ""));
	free(message);
}

void
api_refuse_unauthenticated(struct api_response *response)
{
	api_reply(response, 401,
	    json_pack("{s:{s:i, s:s, s:s}}", "error", "code", 401, "title", "Unauthorized",
		"message", "The request you have made requires authentication."));
}
