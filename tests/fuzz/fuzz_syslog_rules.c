/* A rules file, and itself as a line against what it says: a fault has a text, and a set that was
 * taken can be built and checked. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "core/syslog_link.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice bytes = { (const char *)data, size };
	struct rules *rules = rules_new();
	struct rules_fault fault = { "" };
	struct link_event event;
	struct syslog_msg msg;
	enum rules_miss miss;
	size_t samples = 0;

	if (!rules)
		return 0;
	int r = rules_add_file(rules, "fuzz", bytes, &fault);
	if (r == -EINVAL && (fault.text[0] == '\0' || rules_count(rules) != 0))
		abort();
	if (r == 0 && rules_finish(rules) == 0) {
		size_t wrong = rules_check_samples(rules, NULL, NULL, &samples);

		if (wrong > samples || samples < rules_count(rules))
			abort();
		syslog_link_decode(rules, bytes, &event, &msg, &miss);
	}
	rules_free(rules);
	return 0;
}
