/*
 * arg_buf: texts one behind the other, in bytes that grow (core).
 *
 * Each is a MessagePack str (github.com/msgpack/msgpack, spec.md, "str format family"; the shortest head that fits), so that
 * a run of them goes as it is into the journal's file, and hardly otherwise (core/change_pack) to the Redis script of a
 * batch, which has cmsgpack. One argument of 700 bytes costs Redis a third of what 36 short ones do.
 */
#ifndef DPWATCH_CORE_ARG_BUF_H
#define DPWATCH_CORE_ARG_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/slice.h"

struct arg_buf {
	char *data; /* owned */
	size_t len, room;
	uint32_t n_args;
};

/* Appends one argument of less than 4 GiB. 0; or -ENOMEM with the buffer as it was. */
int arg_buf_add(struct arg_buf *buf, struct slice arg);

/* Appends a nil, for readers that know of it: arg_buf_next() ends there. 0 or -ENOMEM, as above. */
int arg_buf_add_nil(struct arg_buf *buf);

/* Takes the next argument of a walk that starts with *offset = 0. False at the end, and at bytes that are no argument. */
bool arg_buf_next(const struct arg_buf *buf, size_t *offset, struct slice *ret_arg);
void arg_buf_clear(struct arg_buf *buf);
void arg_buf_release(struct arg_buf *buf);

#endif
