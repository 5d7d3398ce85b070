/* Framing: a stream gives the same messages in one piece as in small pieces, and nothing is read or
 * used beyond what came. The first byte of the input is the size of a piece. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/syslog_frame.h"

#define MAX_MESSAGE 64
#define ERROR_MARK 0x1F

/* Writes messages and marks to out (at most size bytes); returns how many. */
static size_t
feed(struct slice stream, size_t piece, char *out, size_t size)
{
	struct stream_frame frame;
	struct slice window = { stream.data, 0 }, message;
	size_t len = 0, used;

	frame = (struct stream_frame){ .max_message = MAX_MESSAGE };
	for (;;) {
		enum frame_result r = syslog_frame_next(&frame, window, &used, &message);

		if (r == FRAME_ERROR) {
			out[len++] = ERROR_MARK;
			return len;
		}
		if (used > window.len)
			abort();
		if (r == FRAME_MESSAGE) {
			if (message.len == 0 || message.len > MAX_MESSAGE ||
			    message.data < window.data ||
			    message.data + message.len > window.data + used)
				abort();
			len += slice_copy(message, out + len, size - len) + 1;
		}
		window = (struct slice){ window.data + used, window.len - used };
		if (r == FRAME_MESSAGE)
			continue;
		size_t left = (size_t)(stream.data + stream.len - (window.data + window.len));
		if (left == 0)
			return len;
		window.len += piece < left ? piece : left;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char whole[1 << 16], pieces[1 << 16];

	if (size < 2 || size > 4096)
		return 0;
	struct slice stream = { (const char *)data + 1, size - 1 };
	size_t a = feed(stream, stream.len, whole, sizeof(whole));
	size_t b = feed(stream, (size_t)data[0] + 1, pieces, sizeof(pieces));
	if (a != b || memcmp(whole, pieces, a) != 0)
		abort();
	return 0;
}
