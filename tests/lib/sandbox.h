/*
 * sandbox: a folder, free ports, a real dpwatchd and a real Redis for one integration test.
 *
 * Check runs each test in a process of its own. sandbox_main makes one folder under /tmp for all of them; each test gets a
 * folder in it. What a test leaves behind when it fails is cleared away by sandbox_main, after it has shown the logs.
 */
#ifndef DPWATCH_TESTS_LIB_SANDBOX_H
#define DPWATCH_TESTS_LIB_SANDBOX_H

#include <check.h>
#include <jansson.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/process.h"

#define SANDBOX_PATH 104 /* a socket's path has at most 107 bytes */
#define SANDBOX_TEXT 65536

/* Who sends: the switches of SANDBOX_TOPOLOGY. */
#define LEAF1 "127.1.0.1"
#define LEAF2 "127.1.0.2"
#define STRANGER "127.9.9.9"

/* On leaf1:Ethernet1/1, leaf1:Ethernet1/2, on compute-3 (leaf1 and leaf2, Ethernet1/3 each), on leaf6:Ethernet1/1. */
#define VM1 "11111111-1111-4111-8111-111111111111"
#define VM2 "22222222-2222-4222-8222-222222222222"
#define VM3 "33333333-3333-4333-8333-333333333333"
#define VM6 "66666666-6666-4666-8666-666666666666"

extern const char SANDBOX_TOPOLOGY[];

struct sandbox {
	char dir[SANDBOX_PATH - 24];
	char api[SANDBOX_PATH], redis[SANDBOX_PATH]; /* Unix sockets */
	char config[SANDBOX_PATH], log[SANDBOX_PATH];
	char redis_log[SANDBOX_PATH];
	uint16_t snmp_port, syslog_port, redis_port;
	struct process daemon;
	struct process server; /* a Redis that is not the daemon's child */
};

/*
 * Lines that are added to the sections of a configuration file; NULL: none. Without lines for it, [redis] is
 * "server = embedded". The rest is as the sandbox needs it: one UDP listener for traps and one for syslog on 127.0.0.1,
 * community public, a receive buffer of 256 KiB unless `snmp` has another, conf/rules, and the API on a Unix socket.
 */
struct sandbox_lines {
	const char *daemon, *snmp, *syslog, *redis, *state, *api;
};

/* Runs the suite, always with a process per test, and clears up. Returns main's exit status. */
int sandbox_main(Suite *suite);

/* Makes the folder, finds the ports, writes a configuration for an embedded Redis. Nothing runs yet. */
void sandbox_init(struct sandbox *box);
/* Stops what runs (in good order, and that must work), and removes the folder; nothing of it may be running then. */
void sandbox_release(struct sandbox *box);

/* Replaces the configuration file. */
void sandbox_configure(struct sandbox *box, const struct sandbox_lines *lines);
/* The file with exactly this text. */
void sandbox_write(const char *path, const char *text);

/* The program of this build: "build/dpwatchd". Static. */
const char *sandbox_program(const char *name);

/* ---- the daemon ---- */

/* Starts it, and waits until its API answers. */
void sandbox_start(struct sandbox *box);
/* ... and until Redis was read. */
void sandbox_start_ready(struct sandbox *box);
/* init, start_ready and load of SANDBOX_TOPOLOGY, with an embedded Redis. */
void sandbox_begin(struct sandbox *box);
/* The same with a Redis that is not the daemon's child, on a Unix socket. */
void sandbox_begin_external(struct sandbox *box);
/* SIGTERM, and its exit status. */
int sandbox_stop(struct sandbox *box);

/* Loads a topology (text of a document) with force; it must be taken. Waits until Redis has what came of it. */
void sandbox_load(const struct sandbox *box, const char *topology);

/* GET. The body of a 200 (the caller's), else NULL. */
json_t *sandbox_get(const struct sandbox *box, const char *target);

/* A text, number or boolean of /v1/status: "redis.state". "" and -1 where there is no answer or no such member. */
bool sandbox_status_is(const struct sandbox *box, const char *path, const char *value);
json_int_t sandbox_status_number(const struct sandbox *box, const char *path);
/* Whether what status says is wrong with Redis holds this text; NULL: whether nothing is. */
bool sandbox_redis_says(const struct sandbox *box, const char *text);
/* A counter of /v1/status. */
json_int_t sandbox_counter(const struct sandbox *box, const char *name);
/* What is known of polling a switch: "answered", "no answer" ... */
bool sandbox_polling_is(const struct sandbox *box, const char *switch_name, const char *state);
/* Redis has everything that was decided. */
bool sandbox_settled(const struct sandbox *box);
/* ... and so has the journal's file, which gathers for some milliseconds. For a daemon that met an empty Redis. */
bool sandbox_journaled(const struct sandbox *box);
bool sandbox_log_has(const struct sandbox *box, const char *text);
pid_t sandbox_embedded_redis(const struct sandbox *box); /* 0: none */

/* ---- a Redis beside the daemon: box->redis, and box->redis_port on 127.0.0.1 ---- */

/* Starts it, and waits until it answers. Every write is on disk before it is acknowledged. `argument` may be NULL. */
void sandbox_redis_start(struct sandbox *box, const char *option, const char *argument);
void sandbox_redis_kill(struct sandbox *box); /* SIGKILL */

/* ---- senders ---- */

/* snmptrap -v2c; `more` are the arguments behind the agent, as ARGV. It must succeed, and say nothing. */
void sandbox_trap(const struct sandbox *box, const char *from, const char *const *more);
/* A v2c linkDown or linkUp of IF-MIB for an ifIndex. */
void sandbox_link_down(const struct sandbox *box, const char *from, int if_index);
void sandbox_link_up(const struct sandbox *box, const char *from, int if_index);

/* A UDP socket of an IPv4 address of 127/8, connected: it hears only what comes from `to`. */
int sandbox_socket(const char *from, const char *to, uint16_t port);
/* A TCP connection of an IPv4 address of 127/8 to a port on 127.0.0.1. */
int sandbox_connect(const char *from, uint16_t port);
struct sockaddr_in sandbox_address(const char *text, uint16_t port);

/* Waits up to ms for a datagram. Its length; 0 when none came. */
size_t sandbox_receive(int fd, int ms, uint8_t *bytes, size_t size);

/* The datagram that a program sends to the agent that stands as "AGENT" in its arguments. Nobody answers it. */
size_t sandbox_capture(uint8_t *bytes, size_t size, const char *const *argv);

/* One datagram, from an IPv4 address of 127/8, to a port on 127.0.0.1. */
void sandbox_send(const char *from, uint16_t port, const void *bytes, size_t len);
void sandbox_line(const struct sandbox *box, const char *from, const char *line); /* syslog */

/* ---- for sandbox*.c ---- */

extern char sandbox_base[32]; /* the folder of all tests of this program */
void sandbox_remove(const char *path);

/* How many processes have their working directory in `dir` (there is only ever a redis-server of ours). A signal that is
 * not 0 is sent to each. Also for use outside of a test. */
int sandbox_processes(const char *dir, int signal);

#endif
