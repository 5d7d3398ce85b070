/*
 * interface_json: the value of an interface in the hash interface:<switch> (core). design.md, "Redis contract". It is read
 * back by engine_restore_interface().
 */
#ifndef DPWATCH_CORE_INTERFACE_JSON_H
#define DPWATCH_CORE_INTERFACE_JSON_H

#include "core/dp_change.h"
#include "util/slice.h"

/* More than any is long. */
#define INTERFACE_JSON_MAX 4096

/* Of a change of kind CHANGE_INTERFACE. The text is in buf. */
struct slice interface_json(const struct dp_change *change, char buf[INTERFACE_JSON_MAX]);

#endif
