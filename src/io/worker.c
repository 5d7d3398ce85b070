#include "io/worker.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define PIECE 65536
#define WRITE_MAX 262144

extern char **environ;

struct worker {
	struct worker_handler handler;
	pid_t pid;
	int in, out, pidfd; /* -1: closed */
	struct event *writable, *readable, *exited;
	struct evbuffer *input;
	bool no_more;  /* worker_end_input was called */
	bool has_read; /* its output came to an end */
	bool has_exited, is_dying;
	int status;
	struct worker *next; /* in `dying` */
};

/* Killed, and not yet gone. */
static struct worker *dying;

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void
free_event(struct event **event)
{
	if (*event)
		event_free(*event);
	*event = NULL;
}

static void
close_input(struct worker *worker)
{
	free_event(&worker->writable);
	close_fd(&worker->in);
}

static void
release(struct worker *worker)
{
	close_input(worker);
	free_event(&worker->readable);
	free_event(&worker->exited);
	close_fd(&worker->out);
	close_fd(&worker->pidfd);
	if (worker->input)
		evbuffer_free(worker->input);
	free(worker);
}

/* ---- its end ---- */

static void
end_if_done(struct worker *worker)
{
	struct worker_handler handler = worker->handler;
	int status = worker->status;

	if (!worker->has_exited || !worker->has_read)
		return;
	release(worker);
	handler.ended(handler.ctx, status);
}

static void
bury(struct worker *worker)
{
	struct worker **at = &dying;

	while (*at != worker)
		at = &(*at)->next;
	*at = worker->next;
	release(worker);
}

static void
on_exited(evutil_socket_t fd, short what, void *arg)
{
	struct worker *worker = arg;
	int status;

	(void)fd;
	(void)what;
	if (waitpid(worker->pid, &status, WNOHANG) == 0)
		return;
	if (worker->is_dying) {
		bury(worker);
		return;
	}
	event_del(worker->exited);
	worker->has_exited = true;
	worker->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	end_if_done(worker);
}

/* ---- its stdout ---- */

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct worker *worker = arg;
	static char piece[PIECE];
	ssize_t len = read(fd, piece, sizeof(piece));

	(void)what;
	if (len > 0) {
		worker->handler.output(worker->handler.ctx, (struct slice){ piece, (size_t)len });
		return;
	}
	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	event_del(worker->readable);
	worker->has_read = true;
	end_if_done(worker);
}

void
worker_read(struct worker *worker, bool on)
{
	if (worker->has_read)
		return;
	if (on)
		event_add(worker->readable, NULL);
	else
		event_del(worker->readable);
}

/* ---- its stdin ---- */

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct worker *worker = arg;

	(void)what;
	if (evbuffer_get_length(worker->input) > 0 &&
	    evbuffer_write_atmost(worker->input, fd, WRITE_MAX) < 0 && errno != EAGAIN &&
	    errno != EINTR) {
		/* It has ended before it read all: its answer, or its end, tells why. */
		close_input(worker);
		return;
	}
	if (evbuffer_get_length(worker->input) > 0)
		return;
	if (worker->no_more)
		close_input(worker);
	else
		worker->handler.hungry(worker->handler.ctx);
}

void
worker_give(struct worker *worker, const void *bytes, size_t len)
{
	evbuffer_add(worker->input, bytes, len);
}

void
worker_give_buffer(struct worker *worker, struct evbuffer *taken)
{
	evbuffer_add_buffer(worker->input, taken);
	evbuffer_free(taken);
}

void
worker_end_input(struct worker *worker)
{
	worker->no_more = true;
}

/* ---- its life ---- */

/* Like a shell's child: no signal blocked or ignored, nothing open but the three. */
static int
spawn(struct worker *worker, const char *mode, int in, int out)
{
	char *const argv[] = { (char *)"dpwatchd", (char *)mode, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, all;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(
	    &attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawnattr_setpgroup(&attributes, 0);
	int error =
	    posix_spawn(&worker->pid, "/proc/self/exe", &actions, &attributes, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	if (error != 0)
		return -error;
	setpriority(PRIO_PROCESS, (id_t)worker->pid, WORKER_NICE);
	worker->pidfd = pidfd_open(worker->pid, 0);
	return worker->pidfd < 0 ? -errno : 0;
}

/* Our ends do not block; the worker's do. */
static int
open_pipes(struct worker *worker, int *ret_in, int *ret_out)
{
	int in[2], out[2];

	if (pipe2(in, O_CLOEXEC) != 0)
		return -errno;
	worker->in = in[1];
	*ret_in = in[0];
	if (pipe2(out, O_CLOEXEC) != 0)
		return -errno;
	worker->out = out[0];
	*ret_out = out[1];
	if (fcntl(worker->in, F_SETFL, O_NONBLOCK) != 0 ||
	    fcntl(worker->out, F_SETFL, O_NONBLOCK) != 0)
		return -errno;
	/* Fewer turns for a large document; where the kernel grants no more it works all the same. */
	fcntl(worker->in, F_SETPIPE_SZ, WRITE_MAX);
	fcntl(worker->out, F_SETPIPE_SZ, WRITE_MAX);
	return 0;
}

static int
watch(struct worker *worker, struct event_base *base)
{
	worker->input = evbuffer_new();
	worker->writable = event_new(base, worker->in, EV_WRITE | EV_PERSIST, on_writable, worker);
	worker->readable = event_new(base, worker->out, EV_READ | EV_PERSIST, on_readable, worker);
	worker->exited = event_new(base, worker->pidfd, EV_READ | EV_PERSIST, on_exited, worker);
	if (!worker->input || !worker->writable || !worker->readable || !worker->exited ||
	    event_add(worker->writable, NULL) != 0 || event_add(worker->readable, NULL) != 0 ||
	    event_add(worker->exited, NULL) != 0)
		return -ENOMEM;
	return 0;
}

struct worker *
worker_start(struct loop *loop, const char *mode, const struct worker_handler *handler)
{
	struct worker *worker = calloc(1, sizeof(*worker));
	int in = -1, out = -1;

	if (!worker)
		return NULL;
	*worker = (struct worker){ .handler = *handler, .in = -1, .out = -1, .pidfd = -1 };
	int error = open_pipes(worker, &in, &out);
	if (error == 0)
		error = spawn(worker, mode, in, out);
	close_fd(&in);
	close_fd(&out);
	if (error == 0)
		error = watch(worker, loop_base(loop));
	if (error == 0)
		return worker;
	worker_free(worker);
	errno = -error;
	return NULL;
}

void
worker_free(struct worker *worker)
{
	if (!worker)
		return;
	if (worker->pid <= 0 || worker->has_exited) {
		release(worker);
		return;
	}
	/* A large process needs its time to go: on_exited does the rest. */
	kill(worker->pid, SIGKILL);
	close_input(worker);
	free_event(&worker->readable);
	close_fd(&worker->out);
	worker->is_dying = true;
	worker->next = dying;
	dying = worker;
}

void
worker_wait_dying(void)
{
	while (dying) {
		waitpid(dying->pid, NULL, 0);
		bury(dying);
	}
}
