#include "lib/trap_message.h"

#include <string.h>
#include <sys/socket.h>

#include "lib/sandbox.h"

#define IF_INDEX ".1.3.6.1.2.1.2.2.1.1.1"

/* SEQUENCE, version, community, PDU and its length; then INTEGER request-id, chosen at random: most take four octets. */
void
trap_message_capture(struct trap_message *message, const char *program, const char *community,
    const char *oid, const char *if_index)
{
	message->id_at = 7 + strlen(community) + 4;
	do
		message->len = sandbox_capture(message->bytes, sizeof(message->bytes),
		    ARGV(program, "-v2c", "-c", community, "-t", "0.01", "-r", "0", "AGENT", "1000",
			oid, IF_INDEX, "i", if_index));
	while (message->bytes[message->id_at - 2] == 2 && message->bytes[message->id_at - 1] < 4);
	ck_assert_uint_eq(message->bytes[message->id_at - 2], 2);
	ck_assert_uint_eq(message->bytes[message->id_at - 1], 4);
}

void
trap_message_send(int fd, struct trap_message *message, uint32_t id)
{
	message->bytes[message->id_at + 1] = (uint8_t)(id >> 16);
	message->bytes[message->id_at + 2] = (uint8_t)(id >> 8);
	message->bytes[message->id_at + 3] = (uint8_t)id;
	ck_assert_int_eq(send(fd, message->bytes, message->len, 0), (ssize_t)message->len);
}
