/*
 * config_file: the configuration, from its file (io). For the programs that share one.
 */
#ifndef DPWATCH_IO_CONFIG_FILE_H
#define DPWATCH_IO_CONFIG_FILE_H

#include <stdbool.h>

#include "core/config.h"

/*
 * 0; or 1 after an error line, and *ret_config is untouched: the file cannot be read, is larger than a megabyte, or has a fault
 * (named with file, line and key). What was read is wiped: it may hold secrets.
 */
int config_file_load(const char *path, struct config *ret_config);

/* Sets up the log of a program as [daemon] says; with `debug`, everything is logged. */
void config_file_set_up_log(const struct config *config, const char *program, bool debug);

#endif
