/*
 * passed_sockets: sockets that systemd opened for us (sd_listen_fds(3)), and keeps while we restart (io).
 *
 * A listener that the configuration names is taken from these where one has its address and kind, instead of being opened:
 * then what the kernel queued in it while no daemon ran is still there. What systemd passed is the process's, so there is
 * one set of them, and no handle.
 */
#ifndef DPWATCH_IO_PASSED_SOCKETS_H
#define DPWATCH_IO_PASSED_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

/* Sockets that can be passed; more are closed, and said so. */
#define PASSED_SOCKETS_MAX 64

/* Notes what was passed. Call once, before anything listens. Returns how many there are. */
size_t passed_sockets_take(void);

/*
 * The descriptor (non-blocking, close-on-exec, the caller's) of a passed socket of this type (SOCK_DGRAM, or a listening
 * SOCK_STREAM) that is bound to this address, for IPv6 including the scope; -1: none.
 */
int passed_sockets_claim(int type, const struct sockaddr *address);

/* Whether this descriptor was passed: its path, if it has one, is systemd's to remove. */
bool passed_sockets_has(int fd);

/* Closes what nobody claimed, with a warning for each: what came there would fill it, unread. */
void passed_sockets_close_rest(void);

#endif
