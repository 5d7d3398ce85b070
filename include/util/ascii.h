/*
 * ascii: what kind of character a byte is, in no locale (layer 0). Bytes from 0x80 on are of none of these kinds.
 */
#ifndef DPWATCH_UTIL_ASCII_H
#define DPWATCH_UTIL_ASCII_H

#include <stdbool.h>

static inline bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool
is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static inline bool
is_alpha(char c)
{
	return is_upper(c) || (c >= 'a' && c <= 'z');
}

/* A-Z as a-z; anything else as it is. */
static inline char
to_lower(char c)
{
	return is_upper(c) ? (char)(c - 'A' + 'a') : c;
}

/* 0 to 15; -1: no hexadecimal digit. */
static inline int
hex_value(char c)
{
	if (is_digit(c))
		return c - '0';
	c = to_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static inline bool
is_hex(char c)
{
	return hex_value(c) >= 0;
}

#endif
