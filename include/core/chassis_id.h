/*
 * chassis_id: one form for the many spellings of a chassis id (core). Mostly it is a MAC address: 00:1b:21:aa:bb:cc,
 * 001b.21aa.bbcc, 00-1B-21-AA-BB-CC and 0x001b21aabbcc are one.
 */
#ifndef DPWATCH_CORE_CHASSIS_ID_H
#define DPWATCH_CORE_CHASSIS_ID_H

#include <stdbool.h>
#include <stddef.h>

#include "util/slice.h"

#define CHASSIS_KEY_MAX 64
#define MAC_DIGITS 12
/* An OpenFlow datapath id is 16 bits of its own, then the MAC (OpenFlow 1.3.0, 7.3.1). */
#define DATAPATH_DIGITS 16

/* The hex digits of a MAC or datapath id in any spelling, and how many there are. 0 where it is neither. */
size_t chassis_mac_digits(struct slice text, char digits[DATAPATH_DIGITS + 1]);

/* Equal for every spelling of one chassis id. False where there is none, or it is too long for one. */
bool chassis_key(struct slice text, char key[CHASSIS_KEY_MAX]);

#endif
