/*
 * http_listen: the sockets that the API listens on (admin layer, private to http.c).
 */
#ifndef DPWATCH_ADMIN_HTTP_LISTEN_H
#define DPWATCH_ADMIN_HTTP_LISTEN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define HTTP_LISTEN_TEXT 160

struct http_socket {
	int fd;
	bool is_unix, is_tls;
	bool is_exposed;             /* http: on an address that other hosts reach */
	char text[HTTP_LISTEN_TEXT]; /* "http 127.0.0.1:9797", "unix build/run/api.sock" */
	char *path;                  /* of a Unix socket, owned; else NULL */
	dev_t device;                /* of its file, so that only our own is removed */
	ino_t inode;
};

/*
 * Opens one `listen` line of [api]: unix:PATH (mode 0660; a file left behind by a daemon that is gone is replaced, one on
 * which somebody answers is an error) or http:ADDR:PORT or https:ADDR:PORT (a numeric address). The socket is non-blocking, closed on exec,
 * and listens. False with a message for people in `error` (size bytes); nothing is left open then.
 */
bool http_socket_open(const char *line, struct http_socket *ret_socket, char *error, size_t size);

/* Closes it and removes a Unix socket's file, unless somebody else's has taken its place. fd -1 is fine. */
void http_socket_close(struct http_socket *socket);

#endif
