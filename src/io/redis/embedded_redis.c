#include "io/embedded_redis.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/log.h"

#define LOCK_WAIT_MS 10000
#define STOP_WAIT_MS 30000
#define RESTART_FIRST_MS 100
#define RESTART_MAX_MS 10000
#define LOG_MOST ((off_t)1 << 20)

struct embedded_redis {
	struct loop *loop;
	char dir[PATH_MAX], socket[PATH_MAX], log[PATH_MAX];
	int lock_fd;
	pid_t pid; /* 0: not running */
	unsigned n_databases;
	struct loop_timer *restart;
	int64_t restart_ms;
	struct engine_time started;
};

/* In the child, between fork and exec: system calls only. */
static void
become_redis(const struct embedded_redis *redis, pid_t parent)
{
	char databases[16];
	const char *const argv[] = { "redis-server", "--port", "0", "--unixsocket", redis->socket,
		"--unixsocketperm", "700", "--dir", redis->dir, "--appendonly", "yes",
		"--appendfsync", "everysec", "--save", "", "--daemonize", "no", "--logfile",
		redis->log, "--maxmemory-policy", "noeviction", "--lazyfree-lazy-server-del", "yes",
		"--databases", databases, NULL };
	sigset_t none;

	snprintf(databases, sizeof(databases), "%u", redis->n_databases);

	/* Its files hold the map, and that may hold communities. */
	umask(077);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(127);
	/* A Ctrl-C on the terminal is for the daemon, which still has to write to this Redis. */
	setpgid(0, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	fcntl(redis->lock_fd, F_SETFD, 0);
	execvp(argv[0], (char *const *)argv);
	_exit(127);
}

static int
spawn(struct embedded_redis *redis)
{
	pid_t parent = getpid();
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (pid == 0)
		become_redis(redis, parent);
	redis->pid = pid;
	redis->started = loop_now(redis->loop);
	log_info("redis: started redis-server (pid %d) on %s", (int)pid, redis->socket);
	return 0;
}

static void
restart(void *ctx)
{
	struct embedded_redis *redis = ctx;
	int error = redis->pid == 0 ? spawn(redis) : 0;

	if (error != 0) {
		log_error("redis: cannot start redis-server: %s; trying again in %d s",
		    strerror(-error), RESTART_MAX_MS / 1000);
		loop_timer_arm(redis->restart, RESTART_MAX_MS);
	}
}

/* The lock is held by every redis-server that was started here, until it is gone: two on one append-only file would ruin it. */
static bool
take_lock(struct embedded_redis *redis, char *error, size_t size)
{
	char path[PATH_MAX];

	if ((size_t)snprintf(path, sizeof(path), "%s/redis.lock", redis->dir) >= sizeof(path)) {
		snprintf(
		    error, size, "state_dir %.200s is too long: set a shorter one", redis->dir);
		return false;
	}
	redis->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (redis->lock_fd < 0) {
		snprintf(
		    error, size, "cannot write in state_dir %s: %s", redis->dir, strerror(errno));
		return false;
	}
	for (int waited = 0; flock(redis->lock_fd, LOCK_EX | LOCK_NB) != 0; waited += 20) {
		if (waited >= LOCK_WAIT_MS) {
			snprintf(error, size,
			    "another dpwatchd's Redis still runs in %s: stop that daemon first, or set another state_dir",
			    redis->dir);
			return false;
		}
		poll(NULL, 0, 20);
	}
	return true;
}

static bool
set_paths(struct embedded_redis *redis, const char *state_dir, char *error, size_t size)
{
	struct sockaddr_un address;

	if (mkdir(state_dir, 0750) != 0 && errno != EEXIST) {
		snprintf(error, size, "cannot make state_dir %s: %s", state_dir, strerror(errno));
		return false;
	}
	if (!realpath(state_dir, redis->dir)) {
		snprintf(error, size, "state_dir %s: %s", state_dir, strerror(errno));
		return false;
	}
	int len = snprintf(redis->socket, sizeof(redis->socket), "%s/redis.sock", redis->dir);
	if (len < 0 || (size_t)len >= sizeof(address.sun_path)) {
		snprintf(error, size,
		    "state_dir %.200s is too long: the path of its redis.sock has %d bytes, a socket's at most %zu: set a shorter one",
		    redis->dir, len, sizeof(address.sun_path) - 1);
		return false;
	}
	snprintf(redis->log, sizeof(redis->log), "%.4000s/redis.log", redis->dir);
	return true;
}

static bool
redis_server_exists(void)
{
	const char *path = getenv("PATH");
	char file[PATH_MAX];

	for (const char *at = path ? path : "/usr/bin:/bin"; *at;) {
		size_t len = strcspn(at, ":");
		if ((size_t)snprintf(file, sizeof(file), "%.*s/redis-server", (int)len, at) <
			sizeof(file) &&
		    access(file, X_OK) == 0)
			return true;
		at += len + (at[len] == ':');
	}
	return false;
}

struct embedded_redis *
embedded_redis_start(
    struct loop *loop, const char *state_dir, unsigned database, char *error, size_t size)
{
	struct embedded_redis *redis = calloc(1, sizeof(*redis));

	if (!redis)
		return NULL;
	redis->loop = loop;
	redis->lock_fd = -1;
	/* As many as Redis has by itself, or more. */
	redis->n_databases = database < 16 ? 16 : database + 1;
	redis->restart_ms = RESTART_FIRST_MS;
	redis->restart = loop_timer_new(loop, restart, redis);
	if (!redis_server_exists()) {
		snprintf(error, size,
		    "there is no redis-server: install the package redis-server, or set [redis] server");
		goto fail;
	}
	if (!redis->restart || !set_paths(redis, state_dir, error, size) ||
	    !take_lock(redis, error, size))
		goto fail;
	unlink(redis->socket);
	if (spawn(redis) == 0)
		return redis;
	snprintf(error, size, "cannot start redis-server: %s", strerror(errno));
fail:
	if (redis->lock_fd >= 0)
		close(redis->lock_fd);
	loop_timer_free(redis->restart);
	free(redis);
	return NULL;
}

const char *
embedded_redis_path(const struct embedded_redis *redis)
{
	return redis->socket;
}

/* Redis opens it anew for each line. */
void
embedded_redis_trim_log(const struct embedded_redis *redis)
{
	char old[PATH_MAX];
	struct stat file;

	if (!redis || stat(redis->log, &file) != 0 || file.st_size <= LOG_MOST)
		return;
	snprintf(old, sizeof(old), "%.4000s/redis.log.old", redis->dir);
	if (rename(redis->log, old) != 0)
		log_debug("redis: %s cannot be renamed: %s", redis->log, strerror(errno));
}

void
embedded_redis_reap(struct embedded_redis *redis)
{
	int status;

	if (redis->pid == 0 || waitpid(redis->pid, &status, WNOHANG) != redis->pid)
		return;
	redis->pid = 0;
	int64_t lived_ms = (loop_now(redis->loop).now_ns - redis->started.now_ns) / 1000000;
	redis->restart_ms = lived_ms > RESTART_MAX_MS                ? RESTART_FIRST_MS
			    : redis->restart_ms * 2 > RESTART_MAX_MS ? RESTART_MAX_MS
								     : redis->restart_ms * 2;
	if (WIFSIGNALED(status))
		log_error("redis: redis-server was killed by signal %d; starting it again",
		    WTERMSIG(status));
	else
		log_error("redis: redis-server exited with status %d (see %s); starting it again",
		    WEXITSTATUS(status), redis->log);
	loop_timer_arm(redis->restart, redis->restart_ms);
}

void
embedded_redis_stop(struct embedded_redis *redis)
{
	int status;

	if (!redis)
		return;
	if (redis->pid != 0)
		kill(redis->pid, SIGTERM);
	for (int waited = 0; redis->pid != 0 && waitpid(redis->pid, &status, WNOHANG) == 0;
	     waited += 5) {
		if (waited >= STOP_WAIT_MS)
			kill(redis->pid, SIGKILL);
		poll(NULL, 0, 5);
	}
	close(redis->lock_fd);
	loop_timer_free(redis->restart);
	free(redis);
}
