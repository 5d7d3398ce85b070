/*
 * Keys of the configuration that are read and checked, but that nothing follows yet. Whoever sets one is told so at start,
 * at a reload and by -t: a setting that silently does nothing would be worse than none.
 */
#include "daemon.h"

struct not_built {
	bool set;
	const char *key, *what;
};

void
daemon_say_not_built(const struct config *config)
{
	const struct not_built keys[] = {
		{ config->snmp.poll_user != NULL, "[snmp] poll_user",
		    "switches are polled with v2c only" },
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (keys[i].set)
			log_warning(
			    "%s has no effect in this version: %s", keys[i].key, keys[i].what);
}
