/*
 * listen_socket: opening, naming and setting up sockets that listen (io). Private to udp_batch and stream_listeners.
 */
#ifndef DPWATCH_IO_LISTEN_SOCKET_H
#define DPWATCH_IO_LISTEN_SOCKET_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* Longest name: "unix:" and a path, or "udp:[" address "%" interface "]:" port. */
#define LISTEN_SOCKET_NAME_MAX 128

/*
 * Opens and binds. kind: udp, udp6 (host is an address, never a name, with or without brackets), unix (host is the path of a
 * datagram socket), tcp, tcp6, tls (listening; TLS is the caller's). Returns a descriptor (non-blocking, close-on-exec), or -1 with a message for
 * people in error. A socket that systemd passed is taken where it has this address (io/passed_sockets).
 *
 * IPv6 sockets take no IPv4, so that both can be bound. Datagram sockets never get SO_REUSEADDR: a second daemon on the port
 * must be told, not share the traps. A Unix socket that nobody listens on any more is replaced; its mode is 0660.
 */
int listen_socket_open(const char *kind, const char *host, uint16_t port, char *error, size_t size);

/*
 * For a datagram socket: asks for everything that udp_batch tells with a datagram, and for a receive buffer of that many
 * bytes, beyond net.core.rmem_max where we may (CAP_NET_ADMIN). Returns the socket's family (AF_INET, AF_INET6, AF_UNIX); or
 * -1 with a message in error where it is not a datagram socket of one of them.
 */
int listen_socket_set_up(int fd, size_t receive_buffer, char *error, size_t size);

/* SO_RCVBUF, bytes: twice what the kernel granted, since it counts its own overhead. */
size_t listen_socket_receive_buffer(int fd);

/* The address that it is bound to; family 0 when it cannot be told. */
void listen_socket_address(int fd, struct sockaddr_storage *ret_address);

/* Writes "udp:127.0.0.1:162", "tcp:[::1]:514" or "unix:/path"; returns buf. */
const char *listen_socket_name(int fd, char *buf, size_t size);

#endif
