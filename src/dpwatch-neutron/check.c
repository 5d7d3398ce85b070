/*
 * --check: the whole way, read-only: configuration, Redis, account, Keystone, Neutron, extension, roles, and whether the map
 * and Neutron know the same ports. Each step says what is missing, and what to do.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "account.h"
#include "forwarder.h"
#include "program.h"

struct check {
	struct program *program;
	struct asker *asker;
	struct loop *loop;
	struct web *web;
	struct session *session;
	struct neutron_page page;
	unsigned n_missing;
	bool good; /* the last request */
};

static void say(struct check *check, bool good, const char *what, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static void
say(struct check *check, bool good, const char *what, const char *format, ...)
{
	va_list args;

	printf("%-8s%-10s ", good ? "ok" : "MISSING", what);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	check->n_missing += !good;
}

/* ---- Redis ---- */

static json_int_t
count(struct check *check, const char *word, const char *key)
{
	struct command command = { 0 };
	json_int_t n = -1;

	command_word(&command, word);
	command_key(&command, check->program->config.redis.prefix, key, "");
	json_t *answer = asker_ask(check->asker, &command);
	if (json_is_integer(answer))
		n = json_integer_value(answer);
	else if (json_is_object(answer))
		say(check, false, "Redis", "%s %s: %s", word, key,
		    json_string_value(json_object_get(answer, "error")));
	json_decref(answer);
	return n;
}

static bool
check_redis(struct check *check)
{
	check->asker = asker_new(&check->program->config);
	if (!check->asker) {
		say(check, false, "Redis", "[redis] server: see the line above");
		return false;
	}
	json_int_t ports = count(check, "HLEN", "topology:ports");
	json_int_t events = count(check, "XLEN", "events"), down = count(check, "SCARD", "down");
	if (ports < 0 || events < 0 || down < 0)
		return false;
	say(check, ports > 0, "Redis",
	    "%lld ports in the map, %lld of them down, %lld toggles on the stream%s",
	    (long long)ports, (long long)down, (long long)events,
	    ports > 0 ? "" : ": load a topology (dpwatch topology load)");
	return true;
}

/* ---- Neutron ---- */

static bool
open_session(struct check *check)
{
	struct neutron_auth auth;
	char error[NEUTRON_TEXT_MAX], who[120];

	if (account_find(&auth, error) != 0) {
		say(check, false, "account", "%s", error);
		return false;
	}
	say(check, true, "account", "%s", neutron_auth_who(&auth, who, sizeof(who)));
	check->loop = loop_new();
	check->web =
	    check->loop ? account_web(check->loop, &check->program->config, &auth, 1) : NULL;
	check->session = check->web ? session_new(check->loop, check->web, &auth) : NULL;
	neutron_auth_release(&auth);
	return check->session != NULL;
}

static void
on_list(void *ctx, const struct session_reply *reply)
{
	struct check *check = ctx;
	struct neutron_answer answer;

	loop_stop(check->loop);
	if (reply->refusal) {
		say(check, false, "token", "%s", reply->refusal->text);
		return;
	}
	neutron_answer_list(&reply->reply, true, &answer);
	if (answer.verdict == NEUTRON_OK)
		check->good = neutron_page_parse(reply->reply.body, &check->page) == 0;
	else
		say(check, false, answer.verdict == NEUTRON_NO_EXTENSION ? "extension" : "Neutron",
		    "%s", answer.text);
}

/* 404 comes as HTML where the extension is not loaded. */
static void
on_extension(void *ctx, const struct session_reply *reply)
{
	struct check *check = ctx;
	struct neutron_answer answer;

	loop_stop(check->loop);
	check->good = !reply->refusal && reply->reply.status == 200;
	if (reply->refusal)
		say(check, false, "token", "%s", reply->refusal->text);
	else if (reply->reply.status == 404)
		say(check, false, "extension",
		    "Neutron has no data-plane-status: add data_plane_status to [ml2] extension_drivers in ml2_conf.ini and "
		    "restart neutron-server");
	else if (check->good)
		say(check, true, "extension", "data-plane-status");
	else {
		neutron_answer_list(&reply->reply, false, &answer);
		say(check, false, "Neutron", "%s", answer.text);
	}
}

static bool
ask(struct check *check, const char *target, session_done_fn *fn)
{
	check->good = false;
	if (session_send(check->session,
		&(const struct session_request){ .method = "GET",
		    .target = target,
		    .timeout_ms = PUT_TIMEOUT_MS,
		    .most = LIST_MOST },
		fn, check) == 0)
		loop_run(check->loop);
	return check->good;
}

static bool
has_role(const char *roles, const char *role)
{
	size_t len = strlen(role);

	for (const char *at = roles; (at = strstr(at, role)) != NULL; at += len)
		if ((at == roles || at[-1] == ' ') && (at[len] == ',' || at[len] == '\0'))
			return true;
	return false;
}

static void
check_roles(struct check *check)
{
	const struct neutron_token *token = session_token(check->session);
	bool writes, sees;

	if (!token->roles) {
		say(check, true, "roles",
		    "not told (no token from Keystone): only a PUT will show");
		return;
	}
	writes = has_role(token->roles, "admin") || has_role(token->roles, "data_plane_integrator");
	sees = !token->narrow;
	if (writes && sees)
		say(check, true, "roles", "%s", token->roles);
	else
		say(check, false, "roles", "%s: %s%s%s (or admin)",
		    *token->roles ? token->roles : "none",
		    writes ? "" : "data_plane_integrator is missing, without it a PUT is refused",
		    writes || sees ? "" : "; ",
		    sees
			? ""
			: "advsvc is missing, without it only ports of the account's own project are seen");
}

/* How many of the first page are in the map. */
static void
check_ports(struct check *check)
{
	const char *prefix = check->program->config.redis.prefix;
	struct command command = { 0 };
	json_t *answer, *value;
	size_t i, n = 0;

	if (check->page.n == 0) {
		say(check, false, "ports", "Neutron shows this account no port at all");
		return;
	}
	command_word(&command, "HMGET");
	command_key(&command, prefix, "topology:ports", "");
	for (i = 0; i < check->page.n; i++) {
		char id[PORT_ID_TEXT];
		command_word(&command, port_id_format(check->page.ports[i].id, id));
	}
	answer = asker_ask(check->asker, &command);
	json_array_foreach(answer, i, value) n += json_is_string(value);
	json_decref(answer);
	say(check, n > 0, "ports", "of the first %zu ports of Neutron, %zu are in the map%s",
	    check->page.n, n, n > 0 ? "" : ": import them (dpwatch-neutron import-topology)");
}

static void
check_neutron(struct check *check)
{
	const struct neutron_token *token;

	if (!open_session(check) || !ask(check, "/v2.0/extensions/data-plane-status", on_extension))
		return;
	token = session_token(check->session);
	say(check, true, "Neutron", "%s", token->endpoint);
	if (!ask(check, "/v2.0/ports?fields=id&fields=data_plane_status&limit=500", on_list))
		return;
	check_roles(check);
	if (check->asker)
		check_ports(check);
}

int
program_check(struct program *program)
{
	struct check check = { .program = program };

	say(&check, true, "config", "parallel %u, max_down %u %%, compared every %lld s",
	    program->config.neutron.parallel, program->config.neutron.max_down_percent,
	    (long long)program->config.neutron.reconcile_every_ms / 1000);
	if (!check_redis(&check)) {
		asker_free(check.asker);
		check.asker = NULL;
	}
	check_neutron(&check);
	if (check.n_missing == 0)
		printf("everything is there\n");
	web_free(check.web);
	session_free(check.session);
	neutron_page_release(&check.page);
	if (check.loop)
		loop_free(check.loop);
	asker_free(check.asker);
	return check.n_missing > 0;
}
