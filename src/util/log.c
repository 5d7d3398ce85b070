#include "util/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

static struct {
	const char *program;
	enum log_level level;
	enum log_target target;
	bool systemd; /* stderr is the journal's */
} log_state = { "dpwatch", LEVEL_INFO, TO_STDERR, false };

static const struct {
	const char *word;
	int priority; /* syslog(3) */
} levels[] = {
	[LEVEL_ERROR] = { "error", 3 },
	[LEVEL_WARNING] = { "warning", 4 },
	[LEVEL_INFO] = { "info", 6 },
	[LEVEL_DEBUG] = { "debug", 7 },
};

void
log_setup(const char *program, enum log_level level, enum log_target target)
{
	log_state.program = program;
	log_state.level = level;
	log_state.systemd = target == TO_JOURNAL || getenv("JOURNAL_STREAM") != NULL;
	if (target == TO_SYSLOG && log_state.target != TO_SYSLOG)
		openlog(program, LOG_PID, LOG_DAEMON);
	log_state.target = target;
}

static void
make_printable(char *line)
{
	for (; *line; line++)
		if ((unsigned char)*line < ' ' || *line == 0x7f)
			*line = '?';
}

static void
write_stderr(enum log_level level, const char *line)
{
	struct timespec now;
	struct tm tm;
	char stamp[32];

	if (log_state.systemd) {
		fprintf(stderr, "<%d>%s\n", levels[level].priority, line);
		return;
	}
	clock_gettime(CLOCK_REALTIME, &now);
	localtime_r(&now.tv_sec, &tm);
	strftime(stamp, sizeof(stamp), "%Y-%m-%d %H:%M:%S", &tm);
	fprintf(stderr, "%s.%03ld %s: %s: %s\n", stamp, now.tv_nsec / 1000000, log_state.program,
	    levels[level].word, line);
}

__attribute__((format(printf, 2, 0))) static void
write_line(enum log_level level, const char *fmt, va_list args)
{
	char line[LOG_LINE_MAX];

	if (level > log_state.level)
		return;
	vsnprintf(line, sizeof(line), fmt, args);
	make_printable(line);
	if (log_state.target == TO_SYSLOG)
		syslog(levels[level].priority, "%s", line);
	else
		write_stderr(level, line);
}

#define LOG_FUNCTION(name, level)             \
	void name(const char *fmt, ...)       \
	{                                     \
		va_list args;                 \
		va_start(args, fmt);          \
		write_line(level, fmt, args); \
		va_end(args);                 \
	}

LOG_FUNCTION(log_error, LEVEL_ERROR)
LOG_FUNCTION(log_warning, LEVEL_WARNING)
LOG_FUNCTION(log_info, LEVEL_INFO)
LOG_FUNCTION(log_debug, LEVEL_DEBUG)

bool
log_rate_take(struct log_rate *rate, uint64_t *ret_held_back)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	int64_t now_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
	if (now_ms - rate->window_ms >= rate->interval_ms) {
		rate->window_ms = now_ms;
		rate->used = 0;
	}
	if (rate->used >= rate->burst) {
		rate->held_back++;
		return false;
	}
	rate->used++;
	*ret_held_back = rate->held_back;
	rate->held_back = 0;
	return true;
}
