/*
 * snmpd: Debian's snmpd as a switch: it tells of this machine's interfaces, at every address, on udp box->redis_port.
 */
#ifndef DPWATCH_TESTS_LIB_SNMPD_H
#define DPWATCH_TESTS_LIB_SNMPD_H

#include "lib/process.h"
#include "lib/sandbox.h"

/*
 * With this configuration file, which lets community public in from 127.0.0.1; `version` is how ("-v2c"). It keeps its boots
 * and its engine in <box>/snmpd from one start to the next. Waits until it answers.
 */
void snmpd_start(
    struct process *agent, const struct sandbox *box, const char *config, const char *version);

/* SIGTERM: it writes its boots. */
void snmpd_stop(struct process *agent);

/* It never lived. */
void snmpd_forget(const struct sandbox *box);

#endif
