#include "core/chassis_id.h"

#include "util/ascii.h"

size_t
chassis_mac_digits(struct slice text, char digits[DATAPATH_DIGITS + 1])
{
	size_t n = 0;

	if (slice_starts(text, "0x"))
		text = slice_from(text, 2);
	for (size_t i = 0; i < text.len; i++) {
		char c = to_lower(text.data[i]);
		if (c == ':' || c == '-' || c == '.' || c == ' ')
			continue;
		if (!is_hex(c) || n == DATAPATH_DIGITS)
			return 0;
		digits[n++] = c;
	}
	digits[n] = '\0';
	return n == MAC_DIGITS || n == DATAPATH_DIGITS ? n : 0;
}

bool
chassis_key(struct slice text, char key[CHASSIS_KEY_MAX])
{
	text = slice_trim(text);
	if (chassis_mac_digits(text, key) > 0)
		return true;
	if (text.len == 0 || text.len >= CHASSIS_KEY_MAX)
		return false;
	for (size_t i = 0; i < text.len; i++)
		key[i] = to_lower(text.data[i]);
	key[text.len] = '\0';
	return true;
}
