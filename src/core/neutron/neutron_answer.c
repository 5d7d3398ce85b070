#include "core/neutron_answer.h"

#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "core/topo.h"

/* RFC 9110, 10.2.3, in seconds, which whoever receives it makes of a date. */
#define RETRY_AFTER_MAX_S 86400

/* The longest text of a message, before it is cut. */
#define DRAFT_MAX 1024

void
neutron_answer_set(
    struct neutron_answer *answer, enum neutron_verdict verdict, const char *format, ...)
{
	char draft[DRAFT_MAX];
	va_list args;

	answer->verdict = verdict;
	va_start(args, format);
	vsnprintf(draft, sizeof(draft), format, args);
	va_end(args);
	text_quote(slice_of(draft), answer->text, sizeof(answer->text));
}

/* What Neutron (or Keystone's filter before it) says is wrong; NULL: this is not its JSON. */
static const char *
message_of(const json_t *body)
{
	static const char *const members[] = { "NeutronError", "error" };

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		const json_t *error = json_object_get(body, members[i]);
		const char *message = json_string_value(json_object_get(error, "message"));
		if (message)
			return message;
		/* Some releases put the text there without an object around it. */
		if (json_is_string(error))
			return json_string_value(error);
	}
	return NULL;
}

static bool
is_one_of(long status, const short *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (list[i] == status)
			return true;
	return false;
}

/* Statuses that say nothing about the request itself. */
static bool
is_passing(long status)
{
	static const short passing[] = { 408, 425, 429, 502, 503, 504 };

	return is_one_of(status, passing, sizeof(passing) / sizeof(passing[0])) || status > 504;
}

static void
no_extension(struct neutron_answer *ret_answer, const char *said)
{
	neutron_answer_set(ret_answer, NEUTRON_NO_EXTENSION,
	    "this Neutron has no data_plane_status (%s): add data_plane_status to [ml2] extension_drivers in ml2_conf.ini "
	    "and restart neutron-server",
	    said);
}

static void
refused_400(struct neutron_answer *ret_answer, const char *message)
{
	if (strstr(message, "Unrecognized attribute") && strstr(message, "data_plane_status"))
		no_extension(ret_answer, "Unrecognized attribute");
	else
		neutron_answer_set(
		    ret_answer, NEUTRON_REFUSED, "400: %s", TEXT_QUOTE(slice_of(message)));
}

/* A status with Neutron's own words. */
static void
read_message(long status, const char *message, struct neutron_answer *ret_answer)
{
	const char *quoted = TEXT_QUOTE(slice_of(message));

	switch (status) {
	case 400:
		refused_400(ret_answer, message);
		break;
	case 401:
		neutron_answer_set(ret_answer, NEUTRON_NO_TOKEN, "401: %s", quoted);
		break;
	case 403:
		neutron_answer_set(ret_answer, NEUTRON_NO_ROLE,
		    "403, a role is missing (%s): give the account data_plane_integrator and advsvc, or admin",
		    quoted);
		break;
	case 404:
		neutron_answer_set(ret_answer, NEUTRON_NOT_FOUND, "404: %s", quoted);
		break;
	case 409:
	case 412:
		neutron_answer_set(ret_answer, NEUTRON_CONFLICT, "%ld: %s", status, quoted);
		break;
	case 500:
		neutron_answer_set(
		    ret_answer, NEUTRON_FAULT, "500, Neutron itself fails: %s", quoted);
		break;
	default:
		neutron_answer_set(ret_answer, NEUTRON_REFUSED, "%ld: %s", status, quoted);
	}
}

/* Without any JSON of Neutron's. */
static void
read_bare(const struct neutron_reply *reply, struct neutron_answer *ret_answer)
{
	if (reply->status == 401)
		neutron_answer_set(ret_answer, NEUTRON_NO_TOKEN, "401 without a reason");
	else if (reply->status == 403)
		neutron_answer_set(ret_answer, NEUTRON_NO_ROLE,
		    "403 without Neutron's JSON, a role is missing or a proxy refuses: give the account data_plane_integrator "
		    "and advsvc, or admin");
	else if (reply->status >= 300 && reply->status < 400)
		neutron_answer_set(ret_answer, NEUTRON_UNREACHABLE,
		    "%ld redirects to %s, and a token is not taken there: set the endpoint or catalogue to where Neutron is",
		    reply->status,
		    reply->location ? TEXT_QUOTE(slice_of(reply->location)) : "nowhere");
	else
		neutron_answer_set(ret_answer, NEUTRON_UNREACHABLE,
		    "%ld without Neutron's JSON: something else answers at its address",
		    reply->status);
}

void
neutron_answer_untrusted(
    const struct neutron_reply *reply, const char *who, struct neutron_answer *ret_answer)
{
	neutron_answer_set(ret_answer, NEUTRON_NO_TRUST,
	    "%s cannot be trusted (%.120s): set [neutron] ca (or OS_CACERT, cacert) to the PEM file of the authority of its "
	    "certificate, and use the name that stands in it",
	    who, reply->trouble ? reply->trouble : "unknown");
}

/* Everything but a 200. */
static void
read_failure(
    const struct neutron_reply *reply, const json_t *body, struct neutron_answer *ret_answer)
{
	const char *message = message_of(body);
	unsigned long long seconds;

	if (reply->retry_after &&
	    slice_to_uint(slice_trim(slice_of(reply->retry_after)), RETRY_AFTER_MAX_S, &seconds))
		ret_answer->retry_after_ms = (int64_t)seconds * 1000;
	if (reply->status == 0 && reply->untrusted)
		neutron_answer_untrusted(reply, "Neutron", ret_answer);
	else if (reply->status == 0)
		neutron_answer_set(ret_answer, NEUTRON_UNREACHABLE, "no answer: %.200s",
		    reply->trouble ? reply->trouble : "unknown");
	else if (is_passing(reply->status))
		neutron_answer_set(ret_answer, NEUTRON_UNREACHABLE, "%ld%s%s", reply->status,
		    message ? ": " : " without Neutron's JSON",
		    message ? TEXT_QUOTE(slice_of(message)) : "");
	else if (message)
		read_message(reply->status, message, ret_answer);
	else
		read_bare(reply, ret_answer);
}

static json_t *
body_of(const struct neutron_reply *reply)
{
	return reply->body.len > 0 ? json_loadb(reply->body.data, reply->body.len, 0, NULL) : NULL;
}

static void
read_port(const json_t *body, const char *value, struct neutron_answer *ret_answer)
{
	const json_t *port = json_object_get(body, "port");
	const json_t *has = json_object_get(port, "data_plane_status");

	if (!json_is_object(port))
		neutron_answer_set(ret_answer, NEUTRON_UNREACHABLE,
		    "200 without a port in JSON: something else answers at Neutron's address");
	else if (!has)
		no_extension(ret_answer, "its answer has no such attribute");
	else if (!json_is_string(has) || strcmp(json_string_value(has), value) != 0)
		neutron_answer_set(ret_answer, NEUTRON_FAULT,
		    "200, but the port's data_plane_status did not become %s", value);
}

void
neutron_answer_put(
    const struct neutron_reply *reply, const char *value, struct neutron_answer *ret_answer)
{
	json_t *body = body_of(reply);

	*ret_answer = (struct neutron_answer){ .verdict = NEUTRON_OK };
	if (reply->status == 200)
		read_port(body, value, ret_answer);
	else
		read_failure(reply, body, ret_answer);
	json_decref(body);
}

void
neutron_answer_list(
    const struct neutron_reply *reply, bool with_status, struct neutron_answer *ret_answer)
{
	json_t *body = body_of(reply);
	const json_t *ports = json_object_get(body, "ports");

	*ret_answer = (struct neutron_answer){ .verdict = NEUTRON_OK };
	if (reply->status != 200)
		read_failure(reply, body, ret_answer);
	else if (!json_is_array(ports))
		neutron_answer_set(ret_answer, NEUTRON_UNREACHABLE,
		    "200 without a list of ports in JSON: something else answers at Neutron's address");
	else if (with_status && json_array_size(ports) > 0 &&
		 !json_object_get(json_array_get(ports, 0), "data_plane_status"))
		no_extension(ret_answer, "ports have no such attribute");
	json_decref(body);
}

/* ---- pages ---- */

int
neutron_page_next(const json_t *body, char **ret_target)
{
	const json_t *links = json_object_get(body, "ports_links"), *link;
	size_t i;

	json_array_foreach(links, i, link)
	{
		const char *rel = json_string_value(json_object_get(link, "rel"));
		const char *href = json_string_value(json_object_get(link, "href"));
		if (!rel || strcmp(rel, "next") != 0)
			continue;
		/* Host and path before it may be those of a proxy. */
		const char *target = href ? strstr(href, "/v2.0/") : NULL;
		if (!target)
			return -EINVAL;
		*ret_target = strdup(target);
		return *ret_target ? 0 : -ENOMEM;
	}
	*ret_target = NULL;
	return 0;
}

static enum neutron_status
status_of(const json_t *port)
{
	const char *text = json_string_value(json_object_get(port, "data_plane_status"));

	if (text && strcmp(text, "DOWN") == 0)
		return NEUTRON_STATUS_DOWN;
	return text && strcmp(text, "ACTIVE") == 0 ? NEUTRON_STATUS_ACTIVE : NEUTRON_STATUS_NULL;
}

int
neutron_page_parse(struct slice text, struct neutron_page *ret_page)
{
	json_t *body = json_loadb(text.data, text.len, 0, NULL), *port;
	const json_t *ports = json_object_get(body, "ports");
	struct neutron_page page = { 0 };
	size_t i;
	int r = json_is_array(ports) ? neutron_page_next(body, &page.next) : -EINVAL;

	if (r == 0) {
		page.ports = calloc(json_array_size(ports) + 1, sizeof(*page.ports));
		r = page.ports ? 0 : -ENOMEM;
	}
	if (r == 0) {
		json_array_foreach(ports, i, port)
		{
			const char *id = json_string_value(json_object_get(port, "id"));
			struct neutron_port_status *status = &page.ports[page.n];
			if (!id || !port_id_parse(slice_of(id), status->id))
				continue;
			status->status = status_of(port);
			page.n++;
		}
		*ret_page = page;
	} else {
		neutron_page_release(&page);
	}
	json_decref(body);
	return r;
}

void
neutron_page_release(struct neutron_page *page)
{
	free(page->ports);
	free(page->next);
	*page = (struct neutron_page){ 0 };
}
