/*
 * Certificates and keys: read at the start and at every reload, whether or not the configuration has changed.
 */
#include <string.h>

#include "daemon.h"
#include "tls/tls_context.h"

static bool
listens_with_tls(const struct config *config)
{
	struct config_endpoint endpoint;

	for (size_t i = 0; i < config->syslog.listen.n; i++)
		if (config_endpoint_parse(config->syslog.listen.items[i], &endpoint) &&
		    strcmp(endpoint.kind, "tls") == 0)
			return true;
	return false;
}

bool
daemon_load_syslog_tls(const struct config *config, struct ssl_ctx_st **ret_context)
{
	const struct tls_files files = { config->syslog.tls_cert, config->syslog.tls_key,
		config->syslog.tls_ca };
	char text[400];

	*ret_context = NULL;
	if (!listens_with_tls(config))
		return true;
	*ret_context = tls_server_context(&files, text, sizeof(text));
	if (!*ret_context) {
		log_error("[syslog] %s", text);
		return false;
	}
	if (tls_context_warning(*ret_context, text, sizeof(text)))
		log_warning("[syslog] tls_cert %s: the certificate %s", files.cert, text);
	return true;
}
