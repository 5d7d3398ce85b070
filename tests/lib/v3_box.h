/*
 * v3_box: a daemon with one SNMPv3 user, and the real snmptrap and snmpinform that speak to it in any way (integration).
 * Functions and state are static: each test program has its own.
 */
#ifndef DPWATCH_TESTS_LIB_V3_BOX_H
#define DPWATCH_TESTS_LIB_V3_BOX_H

#include <stdio.h>

#include "lib/box.h"

#define N(array) ((int)(sizeof(array) / sizeof(array[0])))
#define IF_INDEX ".1.3.6.1.2.1.2.2.1.1."
#define LINK_DOWN ".1.3.6.1.6.3.1.1.5.3"
#define LINK_UP ".1.3.6.1.6.3.1.1.5.4"
#define ENGINE1 "0x80001f8804c0ffee01"
#define ENGINE2 "0x80001f8804c0ffee02"

static inline void
start_with(const char *snmp)
{
	sandbox_init(&box);
	sandbox_configure(&box, &(struct sandbox_lines){ .snmp = snmp });
	sandbox_start_ready(&box);
	sandbox_load(&box, SANDBOX_TOPOLOGY);
}

#define USER "user = monitor SHA-256 \"auth secret\" AES \"priv secret\"\n"

static inline void
set_up(void)
{
	start_with(USER);
}

/* Who sends a trap or an INFORM, and how. */
struct v3 {
	const char *program;                                        /* snmptrap, snmpinform */
	const char *user, *auth, *auth_secret, *priv, *priv_secret; /* NULL: none */
	const char *engine; /* of the sender; NULL: none is told (INFORM) */
	const char *boots;  /* "BOOTS,TIME" */
	const char *from, *oid, *index;
	const char *retries, *timeout;
};

static const struct v3 monitor = { "snmptrap", "monitor", "SHA-256", "auth secret", "AES",
	"priv secret", ENGINE1, "1,100", LEAF1, LINK_DOWN, "1", "0", "20" };

/* Its arguments, in static room. */
static inline const char *const *
arguments(const struct v3 *v3, const char *agent)
{
	static const char *argv[40];
	static char source[64], variable[64];
	size_t n = 0;

	snprintf(source, sizeof(source), "--clientaddr=%s", v3->from);
	snprintf(variable, sizeof(variable), IF_INDEX "%s", v3->index);
	const char *const always[] = { v3->program, "-v3", "-r", v3->retries, "-t", v3->timeout,
		"-u", v3->user, "-l",
		v3->priv   ? "authPriv"
		: v3->auth ? "authNoPriv"
			   : "noAuthNoPriv" };
	for (int i = 0; i < N(always); i++)
		argv[n++] = always[i];
	const char *const options[][2] = { { "-a", v3->auth }, { "-A", v3->auth_secret },
		{ "-x", v3->priv }, { "-X", v3->priv_secret }, { "-e", v3->engine },
		{ "-Z", v3->boots } };
	for (int i = 0; i < N(options); i++) {
		if (!options[i][1])
			continue;
		argv[n++] = options[i][0];
		argv[n++] = options[i][1];
	}
	const char *const rest[] = { source, agent, "", v3->oid, variable, "i", v3->index, NULL };
	for (int i = 0; i < N(rest); i++)
		argv[n++] = rest[i];
	return argv;
}

static inline const char *
agent(void)
{
	static char text[32];

	snprintf(text, sizeof(text), "127.0.0.1:%u", box.snmp_port);
	return text;
}

static inline int
send_v3(const struct v3 *v3)
{
	char said[512];

	return process_run(said, sizeof(said), arguments(v3, agent()));
}

static inline void
expect(const char *counter, json_int_t n)
{
	if (sandbox_counter(&box, counter) == n)
		return;
	WAIT_FOR(sandbox_counter(&box, counter) >= n);
	ck_assert_int_eq(sandbox_counter(&box, counter), n);
}

#endif
