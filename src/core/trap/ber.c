#include "core/ber.h"

/* Octets of a length in the long form. Nothing that fits a datagram needs more than three. */
#define LENGTH_OCTETS_MAX 4
#define INTEGER_OCTETS_MAX 5

static unsigned int
octet(struct slice bytes, size_t i)
{
	return (unsigned char)bytes.data[i];
}

/* X.690 8.1.3: the length at the start of `bytes`. Returns its own size, 0: not definite, cut or too long. */
static size_t
read_length(struct slice bytes, size_t *ret_len)
{
	if (bytes.len == 0)
		return 0;
	unsigned int first = octet(bytes, 0);
	if (first < BER_LONG_FORM) {
		*ret_len = first;
		return 1;
	}
	size_t n = first - BER_LONG_FORM;
	if (n == 0 || n > LENGTH_OCTETS_MAX || n >= bytes.len)
		return 0;
	size_t len = 0;
	for (size_t i = 1; i <= n; i++)
		len = len << 8 | octet(bytes, i);
	*ret_len = len;
	return 1 + n;
}

/* Whether more octets could make a length of these. */
static bool
may_become_length(struct slice bytes)
{
	size_t n = octet(bytes, 0) - BER_LONG_FORM;

	return n > 0 && n <= LENGTH_OCTETS_MAX;
}

struct slice
ber_long_content(struct slice bytes)
{
	static const struct slice none = { NULL, 0 };
	size_t len, n = read_length(slice_from(bytes, 1), &len);

	if (n == 0 || len > bytes.len - 1 - n)
		return none;
	return (struct slice){ bytes.data + 1 + n, len };
}

bool
ber_integer(struct slice content, int64_t *ret_value)
{
	if (content.len == 0 || content.len > INTEGER_OCTETS_MAX)
		return false;
	int64_t value = (signed char)content.data[0];
	for (size_t i = 1; i < content.len; i++)
		value = value * 256 + octet(content, i);
	*ret_value = value;
	return true;
}

enum frame_result
ber_frame(struct slice bytes, unsigned int tag, size_t max, size_t *ret_len)
{
	size_t content;

	if (bytes.len == 0)
		return FRAME_MORE;
	if (octet(bytes, 0) != tag)
		return FRAME_ERROR;
	struct slice rest = slice_from(bytes, 1);
	size_t n = read_length(rest, &content);
	/* With as many octets as a length can have, one that cannot be read will never be one. */
	if (n == 0)
		return rest.len > LENGTH_OCTETS_MAX || (rest.len > 0 && !may_become_length(rest))
			   ? FRAME_ERROR
			   : FRAME_MORE;
	if (1 + n > max || content > max - 1 - n)
		return FRAME_ERROR;
	if (bytes.len < 1 + n + content)
		return FRAME_MORE;
	*ret_len = 1 + n + content;
	return FRAME_MESSAGE;
}
