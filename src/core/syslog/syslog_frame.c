#include "core/syslog_frame.h"

#include <string.h>

#include "util/ascii.h"

/* The most digits of a count: beyond them no sender is serious, and the number can't overflow. */
#define COUNT_DIGITS_MAX 10
/* A count beyond max_message is believed up to here, the greatest max_message there is: what is longer is no message. */
#define COUNT_MAX ((size_t)1024 * 1024)

static bool
is_filler(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\0';
}

/* Bytes before the next message that belong to none: a terminator outside the count, a blank. */
static size_t
filler_len(struct slice bytes)
{
	size_t len = 0;

	while (len < bytes.len && is_filler(bytes.data[len]))
		len++;
	return len;
}

/* How many bytes make the line at the start, without its terminator; -1: it has not come yet. */
static long
line_len(struct slice bytes)
{
	const char *lf = bytes.len > 0 ? memchr(bytes.data, '\n', bytes.len) : NULL;
	size_t len = lf ? (size_t)(lf - bytes.data) : bytes.len;
	const char *nul = len > 0 ? memchr(bytes.data, '\0', len) : NULL;

	if (nul)
		return nul - bytes.data;
	return lf ? (long)len : -1;
}

/* Drops the rest of a line that was cut. Returns the bytes that are done with. */
static size_t
skip_rest(struct stream_frame *frame, struct slice bytes)
{
	long len = line_len(bytes);

	if (len < 0)
		return bytes.len;
	frame->skipping = false;
	return (size_t)len + 1;
}

/* The same of a message that tells its length. */
static size_t
skip_counted(struct stream_frame *frame, struct slice bytes)
{
	size_t len = frame->left < bytes.len ? frame->left : bytes.len;

	frame->left -= len;
	return len;
}

static enum frame_result
next_line(
    struct stream_frame *frame, struct slice bytes, size_t *ret_used, struct slice *ret_message)
{
	size_t used = filler_len(bytes);
	struct slice rest = slice_from(bytes, used);
	long len = line_len(slice_first(rest, frame->max_message + 1));
	if (len < 0 && rest.len <= frame->max_message) {
		*ret_used = used;
		return FRAME_MORE;
	}
	/* Cut: the rest up to the terminator is skipped as it comes. */
	frame->skipping = len < 0;
	size_t take = len < 0 ? frame->max_message : (size_t)len;
	*ret_used = used + take + (len < 0 ? 0 : 1);
	*ret_message = slice_trim(slice_first(rest, take));
	return FRAME_MESSAGE;
}

/*
 * Reads "COUNT " at the start. Returns its length with the blank and *ret_count, 0 when more bytes
 * are needed, or -1 when it is no count of a message that we take.
 */
static int
read_count(struct slice bytes, size_t max, size_t *ret_count)
{
	unsigned long long count = 0;
	size_t digits = 0;

	while (digits < bytes.len && digits <= COUNT_DIGITS_MAX && is_digit(bytes.data[digits]))
		digits++;
	if (digits > COUNT_DIGITS_MAX || (digits > 0 && bytes.data[0] == '0'))
		return -1;
	if (digits > 0 && !slice_to_uint(slice_first(bytes, digits), max, &count))
		return -1;
	if (digits == bytes.len)
		return 0;
	if (digits == 0 || bytes.data[digits] != ' ')
		return -1;
	*ret_count = (size_t)count;
	return (int)digits + 1;
}

/*
 * The same for the next message, where a count above max_message stands: as long as a PRI goes on with it, so that a line that
 * begins with some number does not swallow what comes behind it.
 */
static int
read_head(const struct stream_frame *frame, struct slice bytes, size_t *ret_count)
{
	int head = read_count(bytes, COUNT_MAX, ret_count);

	if (head <= 0 || *ret_count <= frame->max_message)
		return head;
	if ((size_t)head == bytes.len)
		return 0;
	return bytes.data[head] == '<' ? head : -1;
}

static enum frame_result
next_counted(
    struct stream_frame *frame, struct slice bytes, size_t *ret_used, struct slice *ret_message)
{
	size_t used = 0;

	for (;;) {
		used += skip_counted(frame, slice_from(bytes, used));
		/* Some senders count without the LF that they send all the same. */
		used += filler_len(slice_from(bytes, used));
		struct slice rest = slice_from(bytes, used);
		size_t count = 0, len;
		if (rest.len > 0 && rest.data[0] == '<') {
			frame->framing = FRAMING_LINES;
			enum frame_result result = next_line(frame, rest, &len, ret_message);
			*ret_used = used + len;
			return result;
		}
		int head = read_head(frame, rest, &count);
		if (head < 0)
			return FRAME_ERROR;
		size_t take = count < frame->max_message ? count : frame->max_message;
		if (head == 0 || rest.len - (size_t)head < take)
			break;
		struct slice message =
		    slice_trim(slice_first(slice_from(rest, (size_t)head), take));
		used += (size_t)head + take;
		frame->left = count - take;
		if (message.len == 0)
			continue;
		*ret_used = used;
		*ret_message = message;
		return FRAME_MESSAGE;
	}
	*ret_used = used;
	return FRAME_MORE;
}

/* Whether "COUNT <" stands at the start: a message that is counted, among lines. */
static bool
is_counted(struct slice bytes, size_t max)
{
	size_t count = 0;
	int head = read_count(bytes, max, &count);

	return head > 0 && (size_t)head < bytes.len && bytes.data[head] == '<';
}

/* A connection that begins with a number: a count, or a line whose PRI is missing and which begins with its stamp or
 * sequence number ("2026-11-23T...", "45: "). Unknown while only digits came. */
static enum syslog_framing
framing_of_number(struct slice bytes)
{
	size_t digits = 0;

	while (digits < bytes.len && digits <= COUNT_DIGITS_MAX && is_digit(bytes.data[digits]))
		digits++;
	if (digits == bytes.len)
		return FRAMING_UNKNOWN;
	return memchr("-:/.", bytes.data[digits], 4) ? FRAMING_LINES : FRAMING_COUNTED;
}

/* How the message at the start is framed; `bytes` is not empty. */
static enum syslog_framing
framing_of(const struct stream_frame *frame, struct slice bytes)
{
	const char first = bytes.data[0];

	if (frame->framing == FRAMING_UNKNOWN)
		return first >= '1' && first <= '9' ? framing_of_number(bytes) : FRAMING_LINES;
	return is_counted(bytes, frame->max_message) ? FRAMING_COUNTED : frame->framing;
}

enum frame_result
syslog_frame_next(
    struct stream_frame *frame, struct slice bytes, size_t *ret_used, struct slice *ret_message)
{
	size_t skipped = frame->skipping ? skip_rest(frame, bytes) : skip_counted(frame, bytes);
	size_t used = 0;
	struct slice rest = slice_from(bytes, skipped);
	size_t filler = filler_len(rest);

	if (frame->skipping || filler == rest.len) {
		*ret_used = skipped + filler;
		return FRAME_MORE;
	}
	frame->framing = framing_of(frame, slice_from(rest, filler));
	if (frame->framing == FRAMING_UNKNOWN) {
		*ret_used = skipped + filler;
		return FRAME_MORE;
	}
	enum frame_result result = frame->framing == FRAMING_COUNTED
				       ? next_counted(frame, rest, &used, ret_message)
				       : next_line(frame, rest, &used, ret_message);
	if (result != FRAME_ERROR)
		*ret_used = skipped + used;
	return result;
}
