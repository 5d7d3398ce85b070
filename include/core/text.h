/*
 * text: what is written for people to read, and read from what people wrote (core): UTF-8, control characters, quoting of
 * foreign text in messages, and near misses of a name.
 */
#ifndef DPWATCH_CORE_TEXT_H
#define DPWATCH_CORE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "util/slice.h"

/*
 * Bytes of the UTF-8 character (RFC 3629: no overlong form, no surrogate, up to U+10FFFF) that text begins with; 0 if it
 * begins with none, or is empty.
 */
size_t text_char(struct slice text);

bool text_is_utf8(struct slice text);

/* Whether it holds a control character: C0 (tab and newline too), DEL, or C1 in UTF-8. */
bool text_has_control(struct slice text);

/* How many characters it has, if it is UTF-8. */
size_t text_n_chars(struct slice text);

/*
 * Copies foreign text for a message: control characters and what is no UTF-8 become '?', and what does not fit is cut
 * between two characters, ending in "...". buf holds size bytes (at least 8). Returns buf.
 */
const char *text_quote(struct slice text, char *buf, size_t size);

/* A quoted copy that lives until the end of the block. */
#define TEXT_QUOTE_MAX 84
#define TEXT_QUOTE(text) text_quote((text), (char[TEXT_QUOTE_MAX]){ 0 }, TEXT_QUOTE_MAX)

/* Writes "a, b or c"; names that do not fit are left out. Returns buf. */
const char *text_join(const char *const *names, size_t n, char *buf, size_t size);

/*
 * The name that somebody who wrote `text` is likely to have meant: the nearest of the n names by insertions, deletions,
 * substitutions and swapped neighbours, without regard to case. NULL where none is near enough, or names is empty.
 */
const char *text_nearest(struct slice text, const char *const *names, size_t n);

#endif
