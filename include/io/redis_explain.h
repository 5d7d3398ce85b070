/*
 * redis_explain: what Redis's error replies mean to an operator, and what to do about them (io).
 */
#ifndef DPWATCH_IO_REDIS_EXPLAIN_H
#define DPWATCH_IO_REDIS_EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>

/* Writes the meaning and the reply itself ("OOM command not allowed ..."), or the reply alone where it says enough. */
void redis_explain(const char *reply, char *text, size_t size);

/* Whether an ACL refused a command or a key. */
bool redis_is_acl(const char *reply);

#endif
