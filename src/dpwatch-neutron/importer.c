/*
 * Every import_every: import-topology, in a process of its own, so that a list of a million ports holds up no toggle and its
 * memory is given back. One of all instances has its turn.
 */
#include <errno.h>
#include <hiredis/hiredis.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "forwarder.h"

#define RETRY_MS 5000

struct importer {
	struct forwarder *fw;
	struct loop_timer *timer;
	pid_t child; /* 0: none */
};

static int64_t
every_ms(const struct importer *importer)
{
	return importer->fw->config->neutron.import_every_ms;
}

/* In the child. */
static void
become(const char *config_path)
{
	char *const argv[] = { (char *)(uintptr_t) "dpwatch-neutron", (char *)(uintptr_t) "-c",
		(char *)(uintptr_t)config_path, (char *)(uintptr_t) "import-topology", NULL };

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	execv("/proc/self/exe", argv);
	_exit(127);
}

static void
start(struct importer *importer)
{
	pid_t pid = fork();

	if (pid == 0)
		become(importer->fw->config_path);
	if (pid < 0)
		log_error("import: fork: %s", strerror(errno));
	else
		importer->child = pid;
}

static void
on_child(void *ctx)
{
	struct importer *importer = ctx;
	int status;

	if (importer->child == 0 || waitpid(importer->child, &status, WNOHANG) != importer->child)
		return;
	importer->child = 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		log_info("import: done");
		forwarder_count(importer->fw, COUNT_IMPORTED, 1);
		return;
	}
	forwarder_count(importer->fw, COUNT_IMPORTS_FAILED, 1);
	forwarder_error(importer->fw, "the import of ports failed: see the log");
	log_error("import: nothing was loaded (status %d); trying again in %lld s",
	    WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
	    (long long)every_ms(importer) / 1000);
}

/* "OK": it is our turn; nil: another instance had its turn lately. */
static void
on_turn(void *ctx, const redisReply *reply)
{
	struct importer *importer = ctx;

	if (reply && reply->type == REDIS_REPLY_STATUS && !importer->fw->stopping)
		start(importer);
}

static void
on_timer(void *ctx)
{
	struct importer *importer = ctx;
	struct forwarder *fw = importer->fw;
	struct command command = { 0 };

	if (fw->name[0] == '\0' || redis_link_state(fw->commands) != REDIS_UP) {
		loop_timer_arm(importer->timer, RETRY_MS);
		return;
	}
	loop_timer_arm(importer->timer, every_ms(importer));
	if (importer->child != 0)
		return;
	command_word(&command, "SET");
	command_key(&command, forwarder_prefix(fw), "neutron:import", "");
	command_word(&command, fw->name);
	command_word(&command, "NX");
	command_word(&command, "PX");
	command_number(&command, every_ms(importer) * 9 / 10 + 1);
	if (command_send(&command, fw->commands, on_turn, importer) != 0)
		loop_timer_arm(importer->timer, RETRY_MS);
}

int
importer_start(struct forwarder *fw)
{
	struct importer *importer;

	if (fw->config->neutron.import_every_ms == 0 || fw->dry_run || fw->once)
		return 0;
	importer = calloc(1, sizeof(*importer));
	fw->importer = importer;
	if (importer)
		importer->timer = loop_timer_new(fw->loop, on_timer, importer);
	if (!importer || !importer->timer ||
	    loop_on_signal(fw->loop, SIGCHLD, on_child, importer) != 0) {
		log_error("out of memory");
		return 1;
	}
	importer->fw = fw;
	loop_timer_arm(importer->timer, 0);
	return 0;
}

void
importer_free(struct importer *importer)
{
	if (!importer)
		return;
	if (importer->child != 0) {
		kill(importer->child, SIGTERM);
		waitpid(importer->child, NULL, 0);
	}
	loop_timer_free(importer->timer);
	free(importer);
}
