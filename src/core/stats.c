#include "core/stats.h"

#define STATS_NAME(id, name, help) [STAT_##id] = name,
#define STATS_HELP(id, name, help) [STAT_##id] = help,

const char *const stat_names[STAT_MAX] = { STATS(STATS_NAME) };
const char *const stat_help[STAT_MAX] = { STATS(STATS_HELP) };
