/*
 * syslog_stamp: one time stamp in a message's header, in any of the forms that switches print
 * (core; used by syslog_msg and syslog_header only). facts/link-syslog.md 2.3.
 */
#ifndef DPWATCH_CORE_SYSLOG_STAMP_H
#define DPWATCH_CORE_SYSLOG_STAMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/slice.h"

struct syslog_stamp {
	/* A date with its year and an offset that is known, from a clock not marked '*' (not set) or
	 * '.' (not in sync), Cisco's `service timestamps`. Zone names other than UTC and GMT tell no
	 * offset: CST is three zones, and MSK moved. */
	bool has_time;
	int64_t time_us; /* microseconds since 1970-01-01 UTC; 0 without has_time */
};

/*
 * Reads the stamp that begins at the first byte of text: its clock mark, date, time, fraction and
 * zone. Returns its length, 0 when there is none; then *ret_stamp is untouched. A stamp whose
 * numbers are out of range is still a stamp, without a time.
 */
size_t syslog_stamp_read(struct slice text, struct syslog_stamp *ret_stamp);

#endif
