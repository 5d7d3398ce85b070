/*
 * Certificates and keys: read at the start and at every reload, whether or not the configuration has changed. They grow old
 * while the daemon runs: status tells.
 */
#include <stdio.h>
#include <string.h>

#include "daemon.h"
#include "tls/tls_context.h"

static bool
listens(const struct config_list *lines, const char *kind)
{
	struct config_endpoint endpoint;

	for (size_t i = 0; i < lines->n; i++)
		if (config_endpoint_parse(lines->items[i], &endpoint) &&
		    strcmp(endpoint.kind, kind) == 0)
			return true;
	return false;
}

static bool
load(const char *section, const struct tls_files *files, struct ssl_ctx_st **ret_context)
{
	char text[400];

	*ret_context = tls_server_context(files, text, sizeof(text));
	if (!*ret_context) {
		log_error("[%s] %s", section, text);
		return false;
	}
	if (tls_context_warning(*ret_context, text, sizeof(text)))
		log_warning("[%s] tls_cert %s: the certificate %s", section, files->cert, text);
	return true;
}

bool
daemon_load_syslog_tls(const struct config *config, struct ssl_ctx_st **ret_context)
{
	const struct tls_files files = { config->syslog.tls_cert, config->syslog.tls_key,
		config->syslog.tls_ca };

	*ret_context = NULL;
	return !listens(&config->syslog.listen, "tls") || load("syslog", &files, ret_context);
}

bool
daemon_load_api_tls(const struct config *config, struct ssl_ctx_st **ret_context)
{
	const struct tls_files files = { config->api.tls_cert, config->api.tls_key, NULL };

	*ret_context = NULL;
	return !listens(&config->api.listen, "https") || load("api", &files, ret_context);
}

const char *
daemon_tls_warning(const char *section, struct ssl_ctx_st *context, char *text, size_t size)
{
	char what[100];

	if (!context || !tls_context_warning(context, what, sizeof(what)))
		return "";
	snprintf(text, size,
	    "[%s] tls_cert: the certificate in use %s (put a new one in its place, and reload)",
	    section, what);
	return text;
}
