/*
 * The texts by which failures are known. Every toggle may name another one, so what nobody refers to any more is kept for the
 * next: a flood of toggles allocates none.
 */
#include <stdio.h>
#include <string.h>

#include "core/engine_state.h"
#include "util/timeutil.h"

static size_t
size_of(const char *text)
{
	return sizeof(struct fault) + strlen(text) + 1;
}

struct fault *
fault_of(struct engine *engine, const char *text)
{
	struct fault *fault = *text ? spares_take(&engine->spare_faults, size_of(text)) : NULL;

	if (!fault)
		return NULL;
	fault->refs = 1;
	memcpy(fault->text, text, strlen(text) + 1);
	return fault;
}

struct fault *
fault_of_interface(struct engine *engine, uint32_t interface)
{
	char text[FAULT_TEXT_MAX], since[TIMEUTIL_TEXT];
	uint32_t sw = engine_interface_switch(engine, interface);

	timeutil_format(engine->interfaces[interface].since_us, since);
	snprintf(text, sizeof(text), "%s:%s@%s",
	    topo_text_get(engine->topo, topo_switch_get(engine->topo, sw)->name),
	    engine_interface_name(engine, interface), since);
	return fault_of(engine, text);
}

struct fault *
fault_hold(struct fault *fault)
{
	if (fault)
		fault->refs++;
	return fault;
}

void
fault_drop(struct engine *engine, struct fault *fault)
{
	if (fault && --fault->refs == 0)
		spares_give(&engine->spare_faults, fault, size_of(fault->text));
}
