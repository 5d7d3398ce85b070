#include "core/link_event.h"

const char *const link_source_names[SOURCE_MAX] = {
	[SOURCE_NONE] = "",
	[SOURCE_TRAP] = "trap",
	[SOURCE_SYSLOG] = "syslog",
	[SOURCE_POLL] = "poll",
	[SOURCE_API] = "api",
	[SOURCE_TOPOLOGY] = "topology",
};

const char *const link_reason_names[REASON_MAX] = {
	[REASON_NONE] = "",
	[REASON_LINK_DOWN] = "link-down",
	[REASON_ADMIN_DOWN] = "admin-down",
	[REASON_ERR_DISABLED] = "err-disabled",
	[REASON_MEMBERS] = "members",
	[REASON_FLAPPING] = "flapping",
	[REASON_CARD] = "card",
	[REASON_POWER] = "power",
	[REASON_REPORTED] = "reported",
	[REASON_OVERRIDE] = "override",
	[REASON_TOPOLOGY] = "topology",
	[REASON_REMOVED] = "removed",
};

const char *const link_word_names[WORD_MAX] = {
	[WORD_NONE] = "",
	[WORD_UP] = "up",
	[WORD_DOWN] = "down",
	[WORD_ADMIN_DOWN] = "admin-down",
	[WORD_ADMIN_UP] = "admin-up",
};

const char *const link_layer_names[LAYER_MAX] = {
	[LAYER_WHOLE] = "whole",
	[LAYER_LINK] = "link",
	[LAYER_PROTOCOL] = "protocol",
};

enum link_source
link_source_from(struct slice text)
{
	for (int i = SOURCE_NONE + 1; i < SOURCE_MAX; i++)
		if (slice_eq_str(text, link_source_names[i]))
			return (enum link_source)i;
	return SOURCE_NONE;
}

enum link_reason
link_reason_from(struct slice text)
{
	for (int i = REASON_NONE + 1; i < REASON_MAX; i++)
		if (slice_eq_str(text, link_reason_names[i]))
			return (enum link_reason)i;
	return REASON_NONE;
}
