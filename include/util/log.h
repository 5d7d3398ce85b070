/*
 * log: one line per event, to stderr, syslog or the journal (layer 0).
 *
 * error: somebody must act now. warning: somebody should look. info: a port changed state, a peer connected. debug: the
 * rest. A line is never longer than LOG_LINE_MAX; control characters that a stranger sent are shown as '?'. Lines that can
 * repeat pass a struct log_rate: a token bucket that also says how many it held back.
 */
#ifndef DPWATCH_UTIL_LOG_H
#define DPWATCH_UTIL_LOG_H

#include <stdbool.h>
#include <stdint.h>

#define LOG_LINE_MAX 1024

enum log_level { LEVEL_ERROR, LEVEL_WARNING, LEVEL_INFO, LEVEL_DEBUG };
enum log_target { TO_STDERR, TO_SYSLOG, TO_JOURNAL };

/* Where to and from which level on. Stderr lines carry the sd-daemon prefix <N> under systemd, and a time else. */
void log_setup(const char *program, enum log_level level, enum log_target target);

void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* A token bucket for one kind of line: `burst` lines at once, then the same again after interval_ms. Zeroed otherwise. */
struct log_rate {
	int64_t interval_ms;
	uint32_t burst;
	uint32_t used;
	int64_t window_ms;
	uint64_t held_back;
};

/* Whether the line may go out now; *ret_held_back is the number of lines that were held back before it (0 mostly). */
bool log_rate_take(struct log_rate *rate, uint64_t *ret_held_back);

#endif
