#include "chaos/chaos.h"

#include <errno.h>
#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define DISK "size=16m"
#define PATIENCE_S 60
/* Some 300 traps: less than come while the daemon is stopped. */
#define RECEIVE_BUFFER "128KiB"

/* ---- processes ---- */

/* Its output goes to dir/NAME.log. */
static pid_t
start(const struct world *world, const char *name, const char *const *argv)
{
	char log[120];
	const pid_t parent = getpid();

	snprintf(log, sizeof(log), "%s/%s.log", world->dir, name);
	pid_t pid = fork();
	if (pid != 0)
		return pid;
	int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	dup2(fd, 1);
	dup2(fd, 2);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	execvp(argv[0], (char *const *)(uintptr_t)argv);
	_exit(127);
}

static int
wait_for(pid_t pid)
{
	int status = 0;

	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void
kill_process(pid_t *pid)
{
	if (*pid == 0)
		return;
	kill(*pid, SIGKILL);
	wait_for(*pid);
	*pid = 0;
}

static void
start_redis(struct world *world)
{
	const char *const argv[] = { "redis-server", "--port", "0", "--unixsocket", world->redis,
		"--dir", world->dir, "--appendonly", "yes", "--appendfsync", "everysec", "--save",
		"", NULL };

	unlink(world->redis);
	world->server = start(world, "redis", argv);
}

static void
start_daemon(struct world *world)
{
	char program[200], config[120];
	const char *const argv[] = { program, "-c", config, NULL };

	snprintf(program, sizeof(program), "%s/dpwatchd", world->build);
	snprintf(config, sizeof(config), "%s/dpwatch.conf", world->dir);
	world->daemon = start(world, "dpwatchd", argv);
}

/* ---- asking ---- */

static redisReply *
ask(const struct world *world, const char *command)
{
	const struct timeval patience = { .tv_sec = 10 };
	redisContext *redis = redisConnectUnixWithTimeout(world->redis, patience);
	redisReply *reply = NULL;

	if (redis && !redis->err) {
		redisSetTimeout(redis, patience);
		reply = redisCommand(redis, command);
	}
	if (redis)
		redisFree(redis);
	return reply;
}

/* The body of a GET, or "". In static room. */
static const char *
get(const struct world *world, const char *target)
{
	static char answer[65536];
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	size_t len = 0;
	ssize_t n;

	memcpy(address.sun_path, world->api, strlen(world->api) + 1);
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0) {
		char request[200];
		int size = snprintf(request, sizeof(request),
		    "GET %s HTTP/1.1\r\nHost: chaos\r\nConnection: close\r\n\r\n", target);
		if (send(fd, request, (size_t)size, MSG_NOSIGNAL) == size)
			while ((n = read(fd, answer + len, sizeof(answer) - 1 - len)) > 0)
				len += (size_t)n;
	}
	close(fd);
	answer[len] = '\0';
	return answer;
}

uint64_t
world_counter(struct world *world, const char *name)
{
	char key[80];

	snprintf(key, sizeof(key), "\"%s\":", name);
	const char *at = strstr(get(world, "/v1/status"), key);
	return at ? strtoull(at + strlen(key), NULL, 10) : 0;
}

/* The last column of the socket's line in /proc/net/udp, whose second is the address in hexadecimal digits. */
uint64_t
world_dropped(const struct world *world)
{
	char line[512], address[32];
	uint64_t dropped = 0;
	FILE *file = fopen("/proc/net/udp", "re");

	if (!file)
		bench_die("/proc/net/udp: %s", strerror(errno));
	snprintf(address, sizeof(address), " 0100007F:%04X ", world->snmp_port);
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		size_t len = strlen(line);
		while (len > 0 && line[len - 1] == ' ')
			line[--len] = '\0';
		const char *last = strrchr(line, ' ');
		if (last && strstr(line, address))
			dropped += strtoull(last, NULL, 10);
	}
	fclose(file);
	return dropped;
}

/* ---- opening ---- */

static void
write_config(const struct world *world)
{
	char path[120];

	snprintf(path, sizeof(path), "%s/dpwatch.conf", world->dir);
	FILE *file = fopen(path, "we");
	if (!file)
		bench_die("%s: %s", path, strerror(errno));
	fprintf(file,
	    "[daemon]\nstate_dir = %s\n[snmp]\nlisten = udp:127.0.0.1:%u\ncommunity = public\n"
	    "receive_buffer = " RECEIVE_BUFFER "\n"
	    "[syslog]\nlisten = udp:127.0.0.1:%u\nrules_dir = conf/rules\n"
	    "[redis]\nserver = unix:%s\n[api]\nlisten = unix:%s\n",
	    world->state, world->snmp_port, world->snmp_port + 1, world->redis, world->api);
	fclose(file);
}

/* A small disk of its own for state_dir, in a mount namespace that ends with this run. */
static bool
mount_disk(const struct world *world)
{
	return unshare(CLONE_NEWNS) == 0 &&
	       mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("tmpfs", world->state, "tmpfs", 0, DISK) == 0;
}

static void
load_map(struct world *world)
{
	char command[600];

	snprintf(command, sizeof(command),
	    "%s/bench/loadgen --topology --switches %d --ports %d > %s/map.json && "
	    "%s/dpwatch --api unix:%s topology load --force %s/map.json > %s/load.log 2>&1",
	    world->build, N_SWITCHES, N_INTERFACES, world->dir, world->build, world->api,
	    world->dir, world->dir);
	for (uint64_t end = bench_now_ns() + PATIENCE_S * UINT64_C(1000000000);;) {
		if (system(command) == 0)
			return;
		if (bench_now_ns() > end)
			bench_die("the map cannot be loaded; see %s", world->dir);
		bench_sleep_until(bench_now_ns() + 100000000);
	}
}

static bool
is_free(uint16_t port)
{
	const struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool free = bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;

	close(fd);
	return free;
}

/* Two in a row, below those that the kernel hands out by itself. */
static uint16_t
find_port(void)
{
	unsigned port = 20000 + (unsigned)getpid() % 10000;

	while (!is_free((uint16_t)port) || !is_free((uint16_t)(port + 1)))
		port = port < 31000 ? port + 2 : 20000;
	return (uint16_t)port;
}

void
world_open(struct world *world)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(world->dir, sizeof(world->dir), "%.40s/dpwatch-chaos.XXXXXX",
	    tmp && *tmp ? tmp : "/tmp");
	if (!mkdtemp(world->dir))
		bench_die("%s: %s", world->dir, strerror(errno));
	snprintf(world->redis, sizeof(world->redis), "%s/redis.sock", world->dir);
	snprintf(world->api, sizeof(world->api), "%s/api.sock", world->dir);
	snprintf(world->state, sizeof(world->state), "%s/state", world->dir);
	world->snmp_port = find_port();
	mkdir(world->state, 0700);
	world->can_fill = mount_disk(world);
	if (!world->can_fill)
		printf("SKIPPED a full state_dir: mounting a small disk needs root\n");
	write_config(world);
	start_redis(world);
	start_daemon(world);
	load_map(world);
}

/* ---- hurting ---- */

static void
fill(struct world *world)
{
	static const char block[4096];
	char path[120];

	snprintf(path, sizeof(path), "%s/filler", world->state);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	while (fd >= 0 && write(fd, block, sizeof(block)) > 0)
		;
	close(fd);
	world->filled = true;
	world->fills++;
}

static void
unfill(struct world *world)
{
	char path[120];

	snprintf(path, sizeof(path), "%s/filler", world->state);
	unlink(path);
	world->filled = false;
}

static bool
may_die(struct world *world, int who)
{
	if (world->careful == 0)
		return true;
	if (world->died != NOBODY && (int)world->died != who) {
		if (world->mischief != KILL_BOTH)
			return false;
		world->both_died++;
	}
	world->died = who == DAEMON ? DAEMON : REDIS;
	return true;
}

static void
kill_redis(struct world *world)
{
	kill_process(&world->server);
	world->kills_redis++;
}

static void
kill_daemon(struct world *world)
{
	kill_process(&world->daemon);
	world->kills_daemon++;
}

static void
hurt_redis(struct world *world)
{
	if (world->server == 0) {
		start_redis(world);
	} else if (world->mischief == FLUSHALL && chance(2) == 0) {
		world->flushes += reader_flush();
	} else if (chance(2) == 0 && may_die(world, REDIS)) {
		kill_redis(world);
	} else {
		kill(world->server, SIGSTOP);
		world->stops++;
	}
}

static void
hurt_daemon(struct world *world)
{
	if (world->mischief == FLUSHALL) {
		kill(world->daemon, SIGSTOP);
		world->daemon_stops++;
	} else if (may_die(world, DAEMON)) {
		kill_daemon(world);
		if (chance(3) == 0)
			hurt_redis(world);
	}
}

/* Starts or wakes what was dead or stopped, but not always Redis; and takes note of who may die. */
static void
repair(struct world *world)
{
	if (world->server != 0)
		kill(world->server, SIGCONT);
	if (world->daemon == 0)
		start_daemon(world);
	kill(world->daemon, SIGCONT);
	if (world->filled)
		world->careful = 3;
	else if (world->careful > 0 && --world->careful == 0)
		world->died = NOBODY;
	if (world->filled && world->server == 0)
		world->died = REDIS;
}

static void
kill_both(struct world *world)
{
	may_die(world, DAEMON);
	kill_daemon(world);
	may_die(world, REDIS);
	kill_redis(world);
}

void
world_hurt(struct world *world)
{
	repair(world);
	/* What that run is for shall also come about in a short one. */
	if (world->mischief == KILL_BOTH && world->can_fill && world->server != 0 &&
	    chance(2) == 0) {
		if (world->filled)
			kill_both(world);
		else
			fill(world);
		return;
	}
	switch (chance(4)) {
	case 0:
		if (world->filled)
			unfill(world);
		else if (world->can_fill)
			fill(world);
		break;
	case 1:
		hurt_daemon(world);
		break;
	default:
		hurt_redis(world);
		break;
	}
}

void
world_heal(struct world *world)
{
	if (world->filled)
		unfill(world);
	if (world->server == 0)
		start_redis(world);
	kill(world->server, SIGCONT);
	if (world->daemon == 0)
		start_daemon(world);
	kill(world->daemon, SIGCONT);
}

/* ---- the end ---- */

static bool
hash_agrees(const struct world *world, unsigned number, bool say)
{
	char command[128], uuid[BENCH_UUID];

	bench_uuid(number / N_INTERFACES + 1, number % N_INTERFACES + 1, 0, uuid);
	snprintf(command, sizeof(command), "HGET dpwatch:port:%s dp_down", uuid);
	redisReply *reply = ask(world, command);
	const bool down = reply && reply->str && strcmp(reply->str, "true") == 0;
	if (reply)
		freeReplyObject(reply);
	snprintf(command, sizeof(command), "SISMEMBER dpwatch:down %s", uuid);
	reply = ask(world, command);
	const bool member = reply && reply->integer == 1;
	if (reply)
		freeReplyObject(reply);
	if (say && (down != truth[number].down || member != down))
		printf("WRONG port %s: truly %s, its hash says %s, the set %s\n", uuid,
		    truth[number].down ? "down" : "up", down ? "down" : "up",
		    member ? "down" : "up");
	return down == truth[number].down && member == down;
}

bool
world_agrees(struct world *world, bool say)
{
	bool agrees = true;

	for (unsigned number = 0; number < N_PORTS && (agrees || say); number++)
		agrees = hash_agrees(world, number, say) && agrees;
	return agrees;
}

int
world_close(struct world *world)
{
	kill(world->daemon, SIGTERM);
	int status = wait_for(world->daemon);

	world->daemon = 0;
	kill(world->server, SIGTERM);
	wait_for(world->server);
	world->server = 0;
	if (world->can_fill && umount(world->state) != 0)
		printf("%s: %s\n", world->state, strerror(errno));
	return status;
}
