#include "lib/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int
process_patience_ms(void)
{
	const char *multiplier = getenv("CK_TIMEOUT_MULTIPLIER");
	const double times = multiplier ? strtod(multiplier, NULL) : 1;

	return (int)(20000 * (times > 1 ? times : 1));
}

int64_t
process_clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void
process_nap(void)
{
	poll(NULL, 0, 10);
}

/* In the child. */
static void
become(const char *const *argv, int in, int out, pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	execvp(argv[0], (char *const *)(uintptr_t)argv);
	dprintf(STDERR_FILENO, "cannot run %s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

static pid_t
spawn(const char *const *argv, int in, int out)
{
	pid_t parent = getpid(), pid = fork();

	ck_assert_msg(pid >= 0, "fork: %s", strerror(errno));
	if (pid == 0)
		become(argv, in, out, parent);
	close(in);
	close(out);
	return pid;
}

void
process_start(struct process *process, const char *output, const char *const *argv)
{
	int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int out = open(output, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	ck_assert_msg(in >= 0 && out >= 0, "%s: %s", output, strerror(errno));
	process->pid = spawn(argv, in, out);
}

void
process_signal(const struct process *process, int signal)
{
	ck_assert_int_gt(process->pid, 0);
	ck_assert_int_eq(kill(process->pid, signal), 0);
}

bool
process_ended(struct process *process, int *ret_status)
{
	int status;

	ck_assert_int_gt(process->pid, 0);
	if (waitpid(process->pid, &status, WNOHANG) != process->pid)
		return false;
	process->pid = 0;
	*ret_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return true;
}

int
process_wait(struct process *process)
{
	int status = 0;

	WAIT_FOR(process_ended(process, &status));
	return status;
}

void
process_kill(struct process *process)
{
	if (process->pid == 0)
		return;
	kill(process->pid, SIGKILL);
	process_wait(process);
}

/* An anonymous file that holds `text`, to be read from its beginning. */
static int
file_of(const char *text)
{
	int fd = memfd_create("text", MFD_CLOEXEC);
	size_t len = strlen(text);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, len), (ssize_t)len);
	lseek(fd, 0, SEEK_SET);
	return fd;
}

int
process_run_with(const char *input, char *out, size_t size, const char *const *argv)
{
	int fd = file_of("");
	struct process process = { spawn(argv, file_of(input), dup(fd)) };
	int status = process_wait(&process);
	ssize_t len = pread(fd, out, size - 1, 0);

	ck_assert_int_ge(len, 0);
	out[len] = '\0';
	close(fd);
	return status;
}

int
process_run(char *out, size_t size, const char *const *argv)
{
	return process_run_with("", out, size, argv);
}

/* "PID (NAME) STATE PARENT ..." of /proc/PID/stat. False when it is gone. */
static bool
look_at(pid_t pid, char *name, size_t size, char *ret_state, pid_t *ret_parent)
{
	char path[64], text[512];
	int parent;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	FILE *file = fopen(path, "re");
	if (!file)
		return false;
	size_t len = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[len] = '\0';
	char *open = strchr(text, '('), *close = strrchr(text, ')');
	if (!open || !close || sscanf(close, ") %c %d", ret_state, &parent) != 2)
		return false;
	snprintf(name, size, "%.*s", (int)(close - open - 1), open + 1);
	*ret_parent = parent;
	return true;
}

bool
process_lives(pid_t pid)
{
	char name[32], state;
	pid_t parent;

	return look_at(pid, name, sizeof(name), &state, &parent) && state != 'Z' && state != 'X';
}

int
process_children(pid_t parent, const char *name, pid_t *ret_pid)
{
	char path[64], found[32], state;
	pid_t pid, its_parent;
	int n = 0;

	*ret_pid = 0;
	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)parent, (int)parent);
	FILE *file = fopen(path, "re");
	for (int number; file && fscanf(file, "%d", &number) == 1;) {
		pid = number;
		if (!look_at(pid, found, sizeof(found), &state, &its_parent) || state == 'Z' ||
		    strcmp(found, name) != 0)
			continue;
		if (n++ == 0)
			*ret_pid = pid;
	}
	if (file)
		fclose(file);
	return n;
}

char *
process_read_file(const char *path)
{
	char *text = NULL, buf[4096];
	size_t size, n;
	FILE *in = fopen(path, "re"), *out = open_memstream(&text, &size);

	if (!out)
		abort();
	while (in && (n = fread(buf, 1, sizeof(buf), in)) > 0)
		fwrite(buf, 1, n, out);
	if (in)
		fclose(in);
	fclose(out);
	return text;
}
