/* A datagram against the shipped rules: an event is about an interface that stands in the datagram,
 * and every slice stays inside it. Run from the top of the tree. */
#include <stdint.h>
#include <stdlib.h>

#include "core/ifname.h"
#include "core/syslog_link.h"
#include "lib/shipped_rules.h"

static struct rules *rules;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	rules = shipped_rules();
	return 0;
}

static void
check_inside(struct slice s, struct slice datagram)
{
	if (s.len > 0 && (s.data < datagram.data || s.data + s.len > datagram.data + datagram.len))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice datagram = { (const char *)data, size };
	struct link_event event;
	struct syslog_msg msg;
	enum rules_miss miss;
	enum decode_result r = syslog_link_decode(rules, datagram, &event, &msg, &miss);

	check_inside(event.name, datagram);
	check_inside(msg.host, datagram);
	check_inside(msg.app, datagram);
	check_inside(msg.text, datagram);
	if ((r == DECODE_EVENT) != (miss == MISS_NONE) || miss >= MISS_MAX)
		abort();
	if (r == DECODE_EVENT && event.kind == LINK_EVENT_WORD) {
		char key[IFNAME_MAX + 1];

		if (event.word == WORD_NONE || event.name.len > IFNAME_MAX ||
		    ifname_key(OS_UNKNOWN, event.name, key) == 0 || ifname_is_virtual(event.name))
			abort();
	}
	return 0;
}
