#include "io/config_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/log.h"

#define CONFIG_MAX (1 << 20)

int
config_file_load(const char *path, struct config *ret_config)
{
	struct config_fault fault;
	int fd = open(path, O_RDONLY | O_CLOEXEC), status = 1;
	char *bytes = malloc(CONFIG_MAX);
	ssize_t len = fd >= 0 && bytes ? read(fd, bytes, CONFIG_MAX) : -1;

	if (len < 0)
		log_error("%s: %s", path, strerror(errno));
	else if (len == CONFIG_MAX)
		log_error(
		    "%s: larger than %d bytes: this is no dpwatch.conf", path, CONFIG_MAX - 1);
	else if (config_parse(path, (struct slice){ bytes, (size_t)len }, ret_config, &fault) != 0)
		log_error("%s", fault.text);
	else
		status = 0;
	if (bytes)
		explicit_bzero(bytes, CONFIG_MAX); /* it may hold secrets */
	free(bytes);
	if (fd >= 0)
		close(fd);
	return status;
}

void
config_file_set_up_log(const struct config *config, const char *program, bool debug)
{
	static const enum log_level level_of[] = { [LOG_LEVEL_ERROR] = LEVEL_ERROR,
		[LOG_LEVEL_WARNING] = LEVEL_WARNING,
		[LOG_LEVEL_INFO] = LEVEL_INFO,
		[LOG_LEVEL_DEBUG] = LEVEL_DEBUG };
	static const enum log_target target_of[] = { [LOG_TARGET_STDERR] = TO_STDERR,
		[LOG_TARGET_SYSLOG] = TO_SYSLOG,
		[LOG_TARGET_JOURNAL] = TO_JOURNAL };

	log_setup(program, debug ? LEVEL_DEBUG : level_of[config->daemon.log_level],
	    target_of[config->daemon.log_target]);
}
