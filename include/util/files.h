/*
 * files: whole files, and the files of a folder (layer 0). Blocking: for start-up, a reload, and the command line.
 */
#ifndef DPWATCH_UTIL_FILES_H
#define DPWATCH_UTIL_FILES_H

#include <stddef.h>

/*
 * Reads a file of at most max bytes. 0, and the bytes are the caller's to free (NUL-terminated, for those who need that); or
 * a negative errno: -EFBIG where it is larger, -EISDIR for a folder. Outputs are untouched on failure.
 */
int files_read(const char *path, size_t max, char **ret_bytes, size_t *ret_len);

/*
 * Puts a text in a file's place in one step, and on disk before this returns; a new file has this mode, and so has one that is
 * replaced. 0, or a negative errno with the old file as it was.
 */
int files_replace(const char *path, const char *text, unsigned mode);

/*
 * The paths ("FOLDER/NAME") of what in a folder ends in suffix and does not begin with a dot, ordered by the names' bytes.
 * 0, and files_list_free() frees them; or a negative errno, and the outputs are untouched.
 */
int files_list(const char *folder, const char *suffix, char ***ret_paths, size_t *ret_n);
void files_list_free(char **paths, size_t n);

#endif
