/*
 * shipped_rules: the rules of conf/rules, as the daemon reads them. Tests run at the top of the tree.
 */
#ifndef DPWATCH_TESTS_LIB_SHIPPED_RULES_H
#define DPWATCH_TESTS_LIB_SHIPPED_RULES_H

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/rules.h"

static inline void
shipped_rules_add(struct rules *rules, const char *path)
{
	struct rules_fault fault = { "out of memory" };
	FILE *file = fopen(path, "re");
	char *bytes = malloc(RULES_FILE_MAX);
	size_t len = file && bytes ? fread(bytes, 1, RULES_FILE_MAX, file) : 0;

	if (rules_add_file(rules, path, (struct slice){ bytes, len }, &fault) != 0 || len == 0) {
		fprintf(stderr, "%s: %s\n", path, fault.text);
		abort();
	}
	free(bytes);
	fclose(file);
}

/* The caller frees them. Ends the program where a file is faulty. */
static inline struct rules *
shipped_rules(void)
{
	struct rules *rules = rules_new();
	glob_t files;

	if (!rules || glob("conf/rules/*.rules", 0, NULL, &files) != 0) {
		fprintf(stderr, "no conf/rules/*.rules (tests run from the top of the tree)\n");
		abort();
	}
	for (size_t i = 0; i < files.gl_pathc; i++)
		shipped_rules_add(rules, files.gl_pathv[i]);
	globfree(&files);
	if (rules_finish(rules) != 0)
		abort();
	return rules;
}

#endif
