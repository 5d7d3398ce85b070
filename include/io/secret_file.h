/*
 * secret_file: a secret that stands in a file of its own (io). For every key of the configuration that takes file:PATH.
 */
#ifndef DPWATCH_IO_SECRET_FILE_H
#define DPWATCH_IO_SECRET_FILE_H

#include <stddef.h>

/*
 * The first line of the file, without blanks at its ends, NUL-terminated in buf (wiped on failure). A file that others than
 * its owner may read is refused: then the secret is none. 0, or -1 with a message for people in error: the path, what is
 * wrong, and what would be right; never what stands in the file.
 */
int secret_file_read(const char *path, char *buf, size_t size, char *error, size_t error_size);

#endif
