/*
 * process: the programs that an integration test runs, what they print, and waiting for what they do.
 *
 * Everything here fails the test (ck_abort) where the machine does not do its part. A program that is still running when
 * the test's process ends, for whatever reason, is killed with it.
 */
#ifndef DPWATCH_TESTS_LIB_PROCESS_H
#define DPWATCH_TESTS_LIB_PROCESS_H

#include <check.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* How long a test waits for anything. Generous: two slow cores that others use as well; and like a test's own limit it grows
 * with CK_TIMEOUT_MULTIPLIER. */
#define WAIT_MS process_patience_ms()

/* Arguments of a program, as process_start and process_run take them. */
#define ARGV(...)               \
	((const char *const[]){ \
	    __VA_ARGS__,        \
	    (char *)0,          \
	})

/* Evaluates the condition every 10 ms until it holds; the test fails when that takes longer than WAIT_MS. */
#define WAIT_FOR(condition) WAIT_WITHIN(WAIT_MS, condition)
#define WAIT_WITHIN(ms, condition)                                                         \
	for (int64_t wait_until_ = process_clock_ms() + (ms); !(condition); process_nap()) \
	ck_assert_msg(                                                                     \
	    process_clock_ms() < wait_until_, "waited %d ms in vain for: %s", (ms), #condition)

int process_patience_ms(void);  /* WAIT_MS */
int64_t process_clock_ms(void); /* monotonic */
void process_nap(void);         /* 10 ms: between two looks at a condition */

struct process {
	pid_t pid; /* 0: not running */
};

/* Starts argv[0] (looked up in PATH) with stdout and stderr appended to the file `output`. */
void process_start(struct process *process, const char *output, const char *const *argv);

void process_signal(const struct process *process, int signal);

/* Whether it has ended by itself; then *ret_status is its exit status, or 128 + the signal that killed it. */
bool process_ended(struct process *process, int *ret_status);

/* Waits for its end. Returns what process_ended tells. */
int process_wait(struct process *process);

/* SIGKILL, and waits. One that does not run is fine. */
void process_kill(struct process *process);

/*
 * Runs a program to its end, and puts what it printed (stdout and stderr together) into out, cut to size and always ended
 * by a NUL. Returns its exit status, or 128 + signal.
 */
int process_run(char *out, size_t size, const char *const *argv);

/* The same with `input` as its stdin. */
int process_run_with(const char *input, char *out, size_t size, const char *const *argv);

/* Whether a process with this id is there (and is no zombie). */
bool process_lives(pid_t pid);

/* The children of a process that run `name`; returns how many, the first one's id in *ret_pid (0: none). */
int process_children(pid_t parent, const char *name, pid_t *ret_pid);

/* The whole file as a malloc'ed, NUL-terminated text; "" where there is none. Also for use outside of a test. */
char *process_read_file(const char *path);

#endif
