/*
 * The frame of an integration test program: one folder for all its tests, and what failed tests leave in it.
 */
#include <dirent.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/sandbox.h"

char sandbox_base[32];

/* ---- folders ---- */

void
sandbox_remove(const char *path)
{
	char child[PATH_MAX];
	DIR *dir = opendir(path);

	for (struct dirent *entry; dir && (entry = readdir(dir)) != NULL;) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		snprintf(child, sizeof(child), "%.3000s/%.255s", path, entry->d_name);
		if (entry->d_type == DT_DIR)
			sandbox_remove(child);
		else
			unlink(child);
	}
	if (dir)
		closedir(dir);
	rmdir(path);
}

/* Processes whose working directory is in `dir`: only a redis-server of ours is ever there. */
int
sandbox_processes(const char *dir, int signal)
{
	char link[300], cwd[PATH_MAX];
	DIR *proc = opendir("/proc");
	int n = 0;

	for (struct dirent *entry; proc && (entry = readdir(proc)) != NULL;) {
		long pid = strtol(entry->d_name, NULL, 10);
		snprintf(link, sizeof(link), "/proc/%.255s/cwd", entry->d_name);
		ssize_t len = pid > 0 ? readlink(link, cwd, sizeof(cwd) - 1) : -1;
		cwd[len > 0 ? len : 0] = '\0';
		if (strncmp(cwd, dir, strlen(dir)) != 0 || !process_lives((pid_t)pid))
			continue;
		n++;
		if (signal != 0)
			kill((pid_t)pid, signal);
	}
	if (proc)
		closedir(proc);
	return n;
}

/* ---- the program's main ---- */

static void
show_end(const char *dir, const char *name, size_t most)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%.3000s/%s", dir, name);
	char *text = process_read_file(path);
	size_t len = strlen(text), from = len > most ? len - most : 0;
	if (len > 0)
		printf("---- the end of %s\n%s\n", path, text + from);
	free(text);
}

/* What failed tests left: shown, killed, removed. */
static int
clear_up(void)
{
	char path[PATH_MAX];
	int left = sandbox_processes(sandbox_base, SIGKILL);
	DIR *dir = opendir(sandbox_base);

	for (struct dirent *entry; dir && (entry = readdir(dir)) != NULL;) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%.255s", sandbox_base, entry->d_name);
		show_end(path, "dpwatchd.log", 3000);
		show_end(path, "redis.log", 600);
	}
	if (dir)
		closedir(dir);
	/* No WAIT_FOR: outside of a test nothing can fail. */
	for (int i = 0; i < 500 && sandbox_processes(sandbox_base, 0) > 0; i++)
		process_nap();
	sandbox_remove(sandbox_base);
	return left;
}

/* With the two folders that net-snmp's programs would make, and say so. */
static bool
make_base(void)
{
	char path[64];

	snprintf(sandbox_base, sizeof(sandbox_base), "/tmp/dpw.XXXXXX");
	if (!mkdtemp(sandbox_base))
		return false;
	snprintf(path, sizeof(path), "%s/cert_indexes", sandbox_base);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/mib_indexes", sandbox_base);
	mkdir(path, 0700);
	return true;
}

int
sandbox_main(Suite *suite)
{
	SRunner *runner = srunner_create(suite);

	if (access("conf/rules", R_OK) != 0 || access(sandbox_program("dpwatchd"), X_OK) != 0) {
		fprintf(stderr, "run from the top of the source tree, with BUILD set: no %s\n",
		    sandbox_program("dpwatchd"));
		srunner_free(runner);
		return 1;
	}
	if (!make_base()) {
		perror(sandbox_base);
		srunner_free(runner);
		return 1;
	}
	srunner_set_fork_status(runner, CK_FORK);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	int left = clear_up();
	if (failed == 0 && left > 0)
		printf("the tests left %d processes running\n", left);
	srunner_free(runner);
	return failed > 0 || left > 0;
}
