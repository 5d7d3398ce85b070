/* A datagram against the shipped rules: an event is about an interface that stands in the datagram,
 * and every slice stays inside it. Run from the top of the tree. */
#include <glob.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/ifname.h"
#include "core/syslog_link.h"

static struct rules *rules;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static char buf[1 << 18];
	struct rules_fault fault;
	glob_t files;

	(void)argc;
	(void)argv;
	rules = rules_new();
	if (glob("conf/rules/*.rules", 0, NULL, &files) != 0)
		abort();
	for (size_t i = 0; i < files.gl_pathc; i++) {
		FILE *file = fopen(files.gl_pathv[i], "r");
		struct slice bytes = { buf, file ? fread(buf, 1, sizeof(buf), file) : 0 };

		if (!file || rules_add_file(rules, files.gl_pathv[i], bytes, &fault) != 0)
			abort();
		fclose(file);
	}
	globfree(&files);
	return rules_finish(rules);
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
