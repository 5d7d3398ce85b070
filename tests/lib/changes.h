/*
 * changes: what the engine hands out, for tests of what is made of it.
 */
#ifndef DPWATCH_TESTS_LIB_CHANGES_H
#define DPWATCH_TESTS_LIB_CHANGES_H

#include "core/dp_change.h"

/* About this interface, and with nothing to tell otherwise. */
static inline struct dp_change
change_about(enum dp_change_kind kind, const char *switch_name, const char *interface_name)
{
	return (struct dp_change){
		.kind = kind,
		.switch_name = switch_name,
		.interface_name = interface_name,
		.port_name = "",
		.project_id = "",
		.fault = "",
		.report = { .by = "", .note = "" },
		.admin = "",
		.link = "",
		.protocol = "",
		.override = "",
	};
}

#endif
