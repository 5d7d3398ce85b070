/*
 * http_pending: an answer that comes later (admin layer, private to http*.c).
 */
#ifndef DPWATCH_ADMIN_HTTP_PENDING_H
#define DPWATCH_ADMIN_HTTP_PENDING_H

struct http_pending;

/* The client is gone: closes its connection. http_finish stays owed by the program. */
void http_pending_abandon(struct http_pending *pending);

#endif
