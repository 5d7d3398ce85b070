#include "lib/sandbox.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/http_client.h"

/* Below the ports that the kernel hands out by itself, so that no client's socket sits there when a daemon comes back. */
#define PORT_FIRST 20000
#define PORT_N 10000

const char SANDBOX_TOPOLOGY[] =
    "{\"switches\": ["
    "{\"name\": \"leaf1\", \"addresses\": [\"" LEAF1 "\"], \"os\": \"nx-os\", \"interfaces\": ["
    "{\"name\": \"Ethernet1/1\", \"if_index\": 1}, {\"name\": \"Ethernet1/2\", \"if_index\": 2},"
    "{\"name\": \"Ethernet1/3\", \"if_index\": 3}]},"
    "{\"name\": \"leaf2\", \"addresses\": [\"" LEAF2 "\"], \"os\": \"nx-os\", \"interfaces\": ["
    "{\"name\": \"Ethernet1/3\", \"if_index\": 3}]},"
    "{\"name\": \"leaf6\", \"addresses\": [\"::1\"], \"interfaces\": ["
    "{\"name\": \"Ethernet1/1\", \"if_index\": 1}]}],"
    "\"hosts\": [{\"name\": \"compute-3\","
    " \"attachments\": [\"leaf1:Ethernet1/3\", \"leaf2:Ethernet1/3\"]}],"
    "\"ports\": ["
    "{\"id\": \"" VM1 "\", \"name\": \"vm1-eth0\", \"project_id\": \"blue\","
    " \"attachments\": [\"leaf1:Ethernet1/1\"]},"
    "{\"id\": \"" VM2 "\", \"name\": \"vm2-eth0\", \"project_id\": \"red\","
    " \"attachments\": [\"leaf1:Ethernet1/2\"]},"
    "{\"id\": \"" VM3 "\", \"host\": \"compute-3\"},"
    "{\"id\": \"" VM6 "\", \"name\": \"vm6-eth0\", \"attachments\": [\"leaf6:Ethernet1/1\"]}]}";

__attribute__((format(printf, 2, 3))) static void
path_of(char *path, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int n = vsnprintf(path, SANDBOX_PATH, format, args);
	va_end(args);
	ck_assert_int_lt(n, SANDBOX_PATH);
}

const char *
sandbox_program(const char *name)
{
	static char path[PATH_MAX];
	const char *build = getenv("BUILD");

	snprintf(path, sizeof(path), "%.3000s/%.255s", build && *build ? build : "build", name);
	return path;
}

/* ---- making one ---- */

static bool
port_is_free(uint16_t port, int type)
{
	struct sockaddr_in6 address = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	struct sockaddr_in address4 = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET6, type | SOCK_CLOEXEC, 0), fd4 = -1;

	if (fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
		close(fd);
		return false;
	}
	/* Dual stack or not: where there is no IPv6 the IPv4 address is tried. */
	bool free = fd >= 0;
	if (!free && (fd4 = socket(AF_INET, type | SOCK_CLOEXEC, 0)) >= 0)
		free = bind(fd4, (const struct sockaddr *)&address4, sizeof(address4)) == 0;
	if (fd >= 0)
		close(fd);
	if (fd4 >= 0)
		close(fd4);
	return free;
}

/* Takes the port for this test among all sandboxes of this network, until its process ends: a name that the kernel gives to
 * one socket alone. The port itself stays free for the daemon. */
static bool
reserve_port(uint16_t port)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(name.sun_path + 1, sizeof(name.sun_path) - 1, "dpwatch-test-port-%u", port);
	if (bind(fd, (const struct sockaddr *)&name, sizeof(name)) == 0)
		return true;
	close(fd);
	return false;
}

static uint16_t
find_port(void)
{
	uint16_t port, number;

	do {
		ck_assert_int_eq(getrandom(&number, sizeof(number), 0), sizeof(number));
		port = (uint16_t)(PORT_FIRST + number % PORT_N);
	} while (!reserve_port(port) || !port_is_free(port, SOCK_DGRAM) ||
		 !port_is_free(port, SOCK_STREAM));
	return port;
}

void
sandbox_write(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	ck_assert_msg(file != NULL, "%s: %s", path, strerror(errno));
	fputs(text, file);
	ck_assert_int_eq(fclose(file), 0);
}

static const char *
lines_or(const char *lines, const char *otherwise)
{
	return lines ? lines : otherwise;
}

void
sandbox_configure(struct sandbox *box, const struct sandbox_lines *lines)
{
	const char *snmp = lines_or(lines->snmp, "");
	const char *snmp_default =
	    strstr(snmp, "receive_buffer") ? "" : "receive_buffer = 256KiB\n";
	char text[8192];
	int n = snprintf(text, sizeof(text),
	    "[daemon]\nstate_dir = %s\n%s\n"
	    "[snmp]\nlisten = udp:127.0.0.1:%u\ncommunity = public\n%s%s\n"
	    "[syslog]\nlisten = udp:127.0.0.1:%u\nrules_dir = conf/rules\n%s\n"
	    "[redis]\n%s\n"
	    "[state]\n%s\n"
	    "[api]\nlisten = unix:%s\n%s\n",
	    box->dir, lines_or(lines->daemon, ""), box->snmp_port, snmp_default, snmp,
	    box->syslog_port, lines_or(lines->syslog, ""),
	    lines_or(lines->redis, "server = embedded"), lines_or(lines->state, ""), box->api,
	    lines_or(lines->api, ""));

	ck_assert_int_lt(n, (int)sizeof(text));
	sandbox_write(box->config, text);
}

/* No module, no file of the machine's, and nothing in $HOME: what snmptrap says depends on its arguments alone. */
static void
set_environment(void)
{
	setenv("MIBS", "", 1);
	setenv("SNMPCONFPATH", sandbox_base, 1);
	setenv("SNMP_PERSISTENT_DIR", sandbox_base, 1);
	unsetenv("DPWATCH_API");
	unsetenv("DPWATCH_TOKEN");
	unsetenv("NOTIFY_SOCKET");
}

void
sandbox_init(struct sandbox *box)
{
	static int n;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	*box = (struct sandbox){ 0 };
	snprintf(box->dir, sizeof(box->dir), "%s/%d.%d", sandbox_base, (int)getpid(), ++n);
	ck_assert_msg(mkdir(box->dir, 0700) == 0, "%s: %s", box->dir, strerror(errno));
	path_of(box->api, "%s/api.sock", box->dir);
	path_of(box->redis, "%s/redis.sock", box->dir);
	path_of(box->config, "%s/dpwatch.conf", box->dir);
	path_of(box->log, "%s/dpwatchd.log", box->dir);
	path_of(box->redis_log, "%s/redis.log", box->dir);
	box->snmp_port = find_port();
	box->syslog_port = find_port();
	box->redis_port = find_port();
	set_environment();
	sandbox_configure(box, &(struct sandbox_lines){ 0 });
}

void
sandbox_release(struct sandbox *box)
{
	if (box->daemon.pid != 0)
		ck_assert_int_eq(sandbox_stop(box), 0);
	/* One that the daemon left behind would be no child of ours. */
	ck_assert_int_eq(sandbox_processes(box->dir, 0), box->server.pid != 0);
	process_kill(&box->server);
	sandbox_remove(box->dir);
}

/* ---- the daemon ---- */

void
sandbox_start(struct sandbox *box)
{
	int status;

	process_start(&box->daemon, box->log, ARGV(sandbox_program("dpwatchd"), "-c", box->config));
	WAIT_FOR(http_client(box->api, "GET", "/healthz", NULL, NULL) == 200 ||
		 process_ended(&box->daemon, &status));
	if (box->daemon.pid != 0)
		return;
	char *log = process_read_file(box->log);
	ck_abort_msg("dpwatchd ended with status %d:\n%s", status, log);
}

void
sandbox_start_ready(struct sandbox *box)
{
	sandbox_start(box);
	WAIT_FOR(sandbox_status_is(box, "redis.state", "connected"));
}

void
sandbox_begin(struct sandbox *box)
{
	sandbox_init(box);
	sandbox_start_ready(box);
	sandbox_load(box, SANDBOX_TOPOLOGY);
}

void
sandbox_begin_external(struct sandbox *box)
{
	char server[SANDBOX_PATH + 32];

	sandbox_init(box);
	snprintf(server, sizeof(server), "server = unix:%s", box->redis);
	sandbox_configure(box, &(struct sandbox_lines){ .redis = server });
	sandbox_redis_start(box, NULL, NULL);
	sandbox_start_ready(box);
	sandbox_load(box, SANDBOX_TOPOLOGY);
}

int
sandbox_stop(struct sandbox *box)
{
	process_signal(&box->daemon, SIGTERM);
	return process_wait(&box->daemon);
}

void
sandbox_load(const struct sandbox *box, const char *topology)
{
	json_t *answer;
	int status = http_client(box->api, "PUT", "/v1/topology?force=1", topology, &answer);
	char *text = json_dumps(answer, JSON_COMPACT);

	ck_assert_msg(status == 200, "PUT /v1/topology: %d %s", status, text ? text : "");
	free(text);
	json_decref(answer);
	WAIT_FOR(sandbox_settled(box));
}

json_t *
sandbox_get(const struct sandbox *box, const char *target)
{
	json_t *answer;

	if (http_client(box->api, "GET", target, NULL, &answer) == 200)
		return answer;
	json_decref(answer);
	return NULL;
}

/* The member "a.b" of an object; NULL: none. A counter's own dots stay: only the first one divides. */
static const json_t *
member(const json_t *object, const char *path)
{
	char first[64];
	size_t len = strcspn(path, ".");

	if (path[len] == '\0')
		return json_object_get(object, path);
	snprintf(first, sizeof(first), "%.*s", (int)len, path);
	return json_object_get(json_object_get(object, first), path + len + 1);
}

bool
sandbox_status_is(const struct sandbox *box, const char *path, const char *value)
{
	json_t *status = sandbox_get(box, "/v1/status");
	const json_t *found = member(status, path);
	bool is = json_is_string(found) && strcmp(json_string_value(found), value) == 0;

	json_decref(status);
	return is;
}

json_int_t
sandbox_status_number(const struct sandbox *box, const char *path)
{
	json_t *status = sandbox_get(box, "/v1/status");
	const json_t *found = member(status, path);
	json_int_t number = json_is_integer(found) ? json_integer_value(found) : -1;

	json_decref(status);
	return number;
}

bool
sandbox_redis_says(const struct sandbox *box, const char *text)
{
	json_t *status = sandbox_get(box, "/v1/status");
	const json_t *error = member(status, "redis.error");
	bool says = text ? json_is_string(error) && strstr(json_string_value(error), text)
			 : json_is_null(error);

	json_decref(status);
	return says;
}

bool
sandbox_polling_is(const struct sandbox *box, const char *switch_name, const char *state)
{
	char target[80];

	snprintf(target, sizeof(target), "/v1/switches/%s", switch_name);
	json_t *answer = sandbox_get(box, target);
	const char *is = json_string_value(member(json_object_get(answer, "switch"), "poll.state"));
	const bool same = is && strcmp(is, state) == 0;

	json_decref(answer);
	return same;
}

json_int_t
sandbox_counter(const struct sandbox *box, const char *name)
{
	char path[96];

	snprintf(path, sizeof(path), "counters.%s", name);
	return sandbox_status_number(box, path);
}

bool
sandbox_settled(const struct sandbox *box)
{
	/* Of one moment: what leaves the queue between two looks would be in neither. */
	json_t *status = sandbox_get(box, "/v1/status");
	const json_t *queued = member(status, "engine.queued"),
		     *waiting = member(status, "redis.batches_waiting");
	const bool settled = json_is_integer(queued) && json_integer_value(queued) == 0 &&
			     json_is_integer(waiting) && json_integer_value(waiting) == 0;

	json_decref(status);
	return settled;
}

bool
sandbox_journaled(const struct sandbox *box)
{
	return sandbox_settled(box) &&
	       sandbox_counter(box, "journal.batches") >= sandbox_status_number(box, "redis.batch");
}

bool
sandbox_log_has(const struct sandbox *box, const char *text)
{
	char *log = process_read_file(box->log);
	bool has = strstr(log, text) != NULL;

	free(log);
	return has;
}

pid_t
sandbox_embedded_redis(const struct sandbox *box)
{
	pid_t pid;

	process_children(box->daemon.pid, "redis-server", &pid);
	return pid;
}
