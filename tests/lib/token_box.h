/*
 * token_box: a sandbox whose API is on TCP as well, where it wants tokens (integration).
 */
#ifndef DPWATCH_TESTS_LIB_TOKEN_BOX_H
#define DPWATCH_TESTS_LIB_TOKEN_BOX_H

#include "lib/cli_box.h"

static char url[64];                    /* of the API on TCP */
static char unix_api[SANDBOX_PATH + 8]; /* as --api takes it */

static inline void
token_box_set_up(void)
{
	char lines[SANDBOX_PATH * 2 + 64];

	sandbox_init(&box);
	snprintf(lines, sizeof(lines), "listen = http:127.0.0.1:%u\ntoken_file = %s/tokens",
	    box.redis_port, box.dir);
	sandbox_configure(&box, &(struct sandbox_lines){ .api = lines });
	snprintf(url, sizeof(url), "http://127.0.0.1:%u", box.redis_port);
	snprintf(unix_api, sizeof(unix_api), "unix:%s", box.api);
	sandbox_start_ready(&box);
	sandbox_load(&box, SANDBOX_TOPOLOGY);
}

/* Makes a token; the last word of what is printed. `project` may be NULL. */
static inline void
make_token(char *token, size_t size, const char *name, const char *role, const char *project)
{
	const char *argv[12] = { sandbox_program("dpwatch"), "--api", unix_api, "token", "add",
		name, "--role", role };

	if (project) {
		argv[8] = "--project";
		argv[9] = project;
	}
	ck_assert_msg(process_run(out, sizeof(out), argv) == 0, "%s", out);
	out[strcspn(out, "\n")] = '\0';
	snprintf(token, size, "%s", strrchr(out, ' ') + 1);
	ck_assert_int_eq(strncmp(token, "dpw_", 4), 0);
}

#endif
