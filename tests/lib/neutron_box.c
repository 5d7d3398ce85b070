#include "lib/neutron_box.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/http_client.h"
#include "lib/pki.h"
#include "lib/single_quotes.h"

/* ---- the map ---- */

static char *
topology(int first, int second)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	ck_assert_ptr_nonnull(out);
	fputs(
	    "{\"switches\": [{\"name\": \"leaf1\", \"addresses\": [\"" LEAF1
	    "\"], \"os\": \"nx-os\", \"interfaces\": ["
	    "{\"name\": \"Ethernet1/1\", \"if_index\": 1}, {\"name\": \"Ethernet1/2\", \"if_index\": 2}]}], \"ports\": [",
	    out);
	for (int i = 0; i < first + second; i++)
		fprintf(out,
		    "%s{\"id\": \"" NEUTRON_ID
		    "\", \"project_id\": \"blue\", \"attachments\": [\"leaf1:Ethernet1/%d\"]}",
		    i > 0 ? "," : "", i + 1, i < first ? 1 : 2);
	fputs("]}", out);
	fclose(out);
	return text;
}

static void
tell_ports(const struct neutron_box *box, int n)
{
	json_t *ports = json_object(), *asked = json_pack("{s:o}", "ports", ports);
	char id[48];

	for (int i = 1; i <= n; i++) {
		snprintf(id, sizeof(id), NEUTRON_ID, i);
		json_object_set_new(ports, id, json_null());
	}
	char *text = json_dumps(asked, JSON_COMPACT);
	ck_assert_int_eq(http_client(box->control, "POST", "/", text, NULL), 200);
	free(text);
	json_decref(asked);
}

/* ---- life ---- */

static void
forget_account(void)
{
	static const char *const names[] = { "OS_CLOUD", "OS_AUTH_URL", "OS_USERNAME",
		"OS_PASSWORD", "OS_PROJECT_NAME", "OS_ENDPOINT", "OS_TOKEN", "OS_REGION_NAME",
		"OS_AUTH_TYPE", "OS_CACERT", "OS_INSECURE", "OS_CLIENT_CONFIG_FILE", "http_proxy",
		"HTTP_PROXY" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unsetenv(names[i]);
}

/* `certificate`, `key`: NULL for plain HTTP. */
static void
start_stub(struct neutron_box *box, const char *certificate, const char *key)
{
	snprintf(box->control, sizeof(box->control), "%s/stub.sock", box->sandbox.dir);
	snprintf(box->log, sizeof(box->log), "%s/neutron.log", box->sandbox.dir);
	process_start(&box->stub, box->sandbox.redis_log,
	    ARGV("/usr/bin/python3", "tests/lib/neutron_stub.py", box->control, certificate, key));
	WAIT_FOR(http_client(box->control, "GET", "/", NULL, NULL) == 200);
	snprintf(box->url, sizeof(box->url), "%s://127.0.0.1:%lld", certificate ? "https" : "http",
	    (long long)neutron_box_number(box, "port"));
	tell_ports(box, box->n_ports);
}

void
neutron_box_begin(struct neutron_box *box, int first, int second, const char *lines)
{
	char text[2048], *map = topology(first, second);

	*box = (struct neutron_box){ 0 };
	sandbox_init(&box->sandbox);
	snprintf(text, sizeof(text), "[neutron]\n%s\n", lines);
	sandbox_configure(&box->sandbox, &(struct sandbox_lines){ .api = text });
	sandbox_start_ready(&box->sandbox);
	sandbox_load(&box->sandbox, map);
	free(map);
	box->n_ports = first + second;
	start_stub(box, NULL, NULL);
	forget_account();
	setenv("OS_AUTH_TYPE", "none", 1);
	setenv("OS_ENDPOINT", box->url, 1);
}

void
neutron_box_secure(struct neutron_box *box, const char *lines)
{
	const char *dir = box->sandbox.dir;

	if (access(pki_path(dir, "server.pem"), R_OK) != 0)
		pki_make(dir);
	process_kill(&box->stub);
	start_stub(box, pki_path(dir, "server.pem"), pki_path(dir, "server.key"));
	sandbox_configure(&box->sandbox, &(struct sandbox_lines){ .api = lines });
	neutron_box_password(box, "right");
}

void
neutron_box_end(struct neutron_box *box)
{
	for (int i = 0; i < 3; i++)
		if (box->forwarders[i].pid != 0)
			neutron_box_stop(box, i);
	process_kill(&box->stub);
	sandbox_release(&box->sandbox);
}

void
neutron_box_launch(struct neutron_box *box, int i)
{
	process_start(&box->forwarders[i], box->log,
	    ARGV(sandbox_program("dpwatch-neutron"), "-c", box->sandbox.config, "--name", "test"));
}

static int
times_compared(const struct neutron_box *box)
{
	char *log = process_read_file(box->log);
	int n = 0;

	for (const char *at = log; (at = strstr(at, "compared with Neutron:")) != NULL; at++)
		n++;
	free(log);
	return n;
}

void
neutron_box_start(struct neutron_box *box, int i)
{
	int before = times_compared(box);

	neutron_box_launch(box, i);
	WAIT_FOR(times_compared(box) > before);
}

void
neutron_box_stop(struct neutron_box *box, int i)
{
	process_signal(&box->forwarders[i], SIGTERM);
	ck_assert_int_eq(process_wait(&box->forwarders[i]), 0);
}

void
neutron_box_password(const struct neutron_box *box, const char *password)
{
	char url[96];

	forget_account();
	snprintf(url, sizeof(url), "%s/v3", box->url);
	setenv("OS_AUTH_URL", url, 1);
	setenv("OS_USERNAME", "dpwatch", 1);
	setenv("OS_PASSWORD", password, 1);
	setenv("OS_PROJECT_NAME", "monitoring", 1);
	setenv("OS_REGION_NAME", "RegionOne", 1);
}

/* ---- the stub ---- */

void
neutron_box_tell(const struct neutron_box *box, const char *json)
{
	char *text = json_text(json);

	ck_assert_int_eq(http_client(box->control, "POST", "/", text, NULL), 200);
	free(text);
}

json_t *
neutron_box_seen(const struct neutron_box *box)
{
	json_t *seen;

	ck_assert_int_eq(http_client(box->control, "GET", "/", NULL, &seen), 200);
	ck_assert_ptr_nonnull(seen);
	return seen;
}

json_int_t
neutron_box_number(const struct neutron_box *box, const char *name)
{
	json_t *seen = neutron_box_seen(box);
	json_int_t number = json_integer_value(json_object_get(seen, name));

	json_decref(seen);
	return number;
}

int
neutron_box_puts(const struct neutron_box *box, int port)
{
	json_t *seen = neutron_box_seen(box), *put;
	char id[48];
	size_t i;
	int n = 0;

	snprintf(id, sizeof(id), NEUTRON_ID, port);
	json_array_foreach(json_object_get(seen, "puts"), i, put) n +=
	    port == 0 || strcmp(json_string_value(json_array_get(put, 0)), id) == 0;
	json_decref(seen);
	return n;
}

int
neutron_box_count(const struct neutron_box *box, const char *value)
{
	json_t *seen = neutron_box_seen(box), *status;
	const char *id;
	int n = 0;

	json_object_foreach(json_object_get(seen, "status"), id, status)
	{
		const char *text = json_string_value(status);
		n += value ? text && strcmp(text, value) == 0 : !text;
	}
	json_decref(seen);
	return n;
}

/* ---- dpwatch-neutron status ---- */

static json_t *
status(const struct neutron_box *box)
{
	static char text[SANDBOX_TEXT];

	process_run(text, sizeof(text),
	    ARGV(sandbox_program("dpwatch-neutron"), "-c", box->sandbox.config, "status", "-o",
		"json"));
	return json_loads(text, 0, NULL);
}

/* A text of the first instance holds (or, whole, is) this. */
static bool
instance_says(const struct neutron_box *box, const char *name, const char *text, bool whole)
{
	json_t *all = status(box);
	const char *value = json_string_value(
	    json_object_get(json_array_get(json_object_get(all, "instances"), 0), name));
	bool says = value && (whole ? strcmp(value, text) == 0 : strstr(value, text) != NULL);

	json_decref(all);
	return says;
}

bool
neutron_box_problem_has(const struct neutron_box *box, const char *text)
{
	return instance_says(box, "problem", text, false);
}

bool
neutron_box_state_is(const struct neutron_box *box, const char *state)
{
	return instance_says(box, "state", state, true);
}

static bool
is_zero(const struct neutron_box *box, const char *const *names)
{
	json_t *all = status(box);
	bool zero = all != NULL;

	for (; zero && *names; names++)
		zero = json_integer_value(json_object_get(all, *names)) == 0;
	json_decref(all);
	return zero;
}

bool
neutron_box_read(const struct neutron_box *box)
{
	return sandbox_settled(&box->sandbox) && is_zero(box, ARGV("entries_behind"));
}

bool
neutron_box_settled(const struct neutron_box *box)
{
	return sandbox_settled(&box->sandbox) &&
	       is_zero(box, ARGV("entries_behind", "entries_pending"));
}

bool
neutron_box_log_has(const struct neutron_box *box, const char *text)
{
	char *log = process_read_file(box->log);
	bool has = strstr(log, text) != NULL;

	free(log);
	return has;
}
