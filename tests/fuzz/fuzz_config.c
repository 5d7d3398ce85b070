/*
 * Any bytes as dpwatch.conf: a configuration that is whole, or a fault that a terminal can show.
 */
#include <stdlib.h>
#include <string.h>

#include "core/config.h"
#include "core/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static void
check_endpoints(const struct config_list *list)
{
	struct config_endpoint endpoint;

	for (size_t i = 0; i < list->n; i++)
		must(config_endpoint_parse(list->items[i], &endpoint));
}

static void
check_config(const struct config *config)
{
	char keys[CONFIG_KEYS_MAX];

	must(config->daemon.state_dir && config->redis.prefix);
	check_endpoints(&config->snmp.listen);
	check_endpoints(&config->syslog.listen);
	check_endpoints(&config->api.listen);
	must(config->redis.kind != REDIS_UNIX || config->redis.path);
	must(config->redis.kind != REDIS_TCP || (config->redis.host && config->redis.port));
	must(config->state.dampening_suppress > config->state.dampening_reuse);
	must(config_needs_restart(config, config, keys) == 0 && keys[0] == '\0');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice bytes = { (const char *)data, size };
	struct config config;
	struct config_fault fault = { "" };

	if (config_parse("f", bytes, &config, &fault) == 0) {
		check_config(&config);
		config_release(&config);
	} else {
		must(strncmp(fault.text, "f:", 2) == 0 && strlen(fault.text) > 4);
		must(text_is_utf8(slice_of(fault.text)) && !text_has_control(slice_of(fault.text)));
	}
	return 0;
}
