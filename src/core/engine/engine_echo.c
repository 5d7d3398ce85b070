/*
 * What survives a restart of the transitions that one source told and the other one has still to tell (core/interface_fsm.h,
 * struct echoes): without it, a line that lags would count as news. They are written with the interface whenever one is added
 * or told, so that what is read back was not told meanwhile.
 */
#include <stdio.h>

#include "core/engine_state.h"
#include "util/timeutil.h"

static const char teller_letters[TELLER_MAX] = {
	[TELLER_TRAP] = 't',
	[TELLER_TRAP_PROTOCOL] = 'T',
	[TELLER_SYSLOG] = 's',
	[TELLER_SYSLOG_PROTOCOL] = 'S',
};

void
engine_echoes_text(const struct engine *engine, uint32_t interface, char buf[ECHOES_TEXT_MAX])
{
	const struct watch *watch = engine_watch(engine, interface);
	size_t len = 0;

	buf[0] = '\0';
	for (uint8_t i = 0; watch && i < watch->echoes.n; i++) {
		char at[TIMEUTIL_TEXT], tellers[TELLER_MAX + 1];
		size_t n = 0;
		for (int teller = 0; teller < TELLER_MAX; teller++)
			if (watch->echoes.next[teller] > i)
				tellers[n++] = teller_letters[teller];
		tellers[n] = '\0';
		timeutil_format(watch->echoes.items[i].at_us, at);
		len += (size_t)snprintf(buf + len, ECHOES_TEXT_MAX - len, "%s%s/%s/%s/%s",
		    i > 0 ? "," : "", spoken_names[watch->echoes.items[i].direction],
		    link_source_names[watch->echoes.items[i].source], at, tellers);
		if (len >= ECHOES_TEXT_MAX)
			return;
	}
}

/* One more. False: it is not what engine_echoes_text() writes. */
static bool
add(struct echoes *echoes, struct slice text, struct engine_time time)
{
	const struct slice direction = slice_cut(&text, '/'), source = slice_cut(&text, '/'),
			   at = slice_cut(&text, '/');
	const uint8_t i = echoes->n;
	int64_t at_us;

	const bool down = slice_eq_str(direction, spoken_names[SPOKEN_DOWN]);
	if (i == ECHOES_MAX || !timeutil_parse(at, &at_us) ||
	    link_source_from(source) == SOURCE_NONE ||
	    (!down && !slice_eq_str(direction, spoken_names[SPOKEN_UP])))
		return false;
	echoes->items[i].direction = down ? SPOKEN_DOWN : SPOKEN_UP;
	echoes->items[i].source = (uint8_t)link_source_from(source);
	echoes->items[i].at_us = at_us;
	/* A clock that was set back makes nothing happen in the future. */
	echoes->items[i].at_ns =
	    time.now_ns - (at_us < time.wall_us ? engine_span_ns(time.wall_us - at_us) : 0);
	/* ... and what was told later is not older: they run out in order. */
	if (i > 0 && echoes->items[i].at_ns < echoes->items[i - 1].at_ns)
		echoes->items[i].at_ns = echoes->items[i - 1].at_ns;
	for (int teller = 0; teller < TELLER_MAX; teller++)
		if (echoes->next[teller] == i &&
		    slice_find(text, (struct slice){ &teller_letters[teller], 1 }) >= 0)
			echoes->next[teller]++;
	echoes->n++;
	return true;
}

void
engine_echoes_restore(
    struct engine *engine, uint32_t interface, struct slice text, struct engine_time time)
{
	struct echoes echoes = { 0 };

	while (text.len > 0)
		if (!add(&echoes, slice_cut(&text, ','), time))
			return;
	echoes_expire(&echoes, &engine->config, time.now_ns);
	struct watch *watch = echoes.n > 0 ? engine_watch_need(engine, interface) : NULL;
	if (watch)
		watch->echoes = echoes;
}
