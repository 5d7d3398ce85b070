/*
 * trap_message: what a real snmptrap or snmpinform sends, to be sent again and again without being a duplicate.
 */
#ifndef DPWATCH_TESTS_LIB_TRAP_MESSAGE_H
#define DPWATCH_TESTS_LIB_TRAP_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#define TRAP_LINK_DOWN ".1.3.6.1.6.3.1.1.5.3"
#define TRAP_LINK_UP ".1.3.6.1.6.3.1.1.5.4"

/* A v2c notification, and where its request-id stands in it. */
struct trap_message {
	uint8_t bytes[512];
	size_t len, id_at;
};

/* What `program` (snmptrap, snmpinform) sends of this snmpTrapOID, with an ifIndex ("1"). */
void trap_message_capture(struct trap_message *message, const char *program, const char *community,
    const char *oid, const char *if_index);

/* Sends it with this request-id, of which the lower 24 bits count. */
void trap_message_send(int fd, struct trap_message *message, uint32_t id);

#endif
