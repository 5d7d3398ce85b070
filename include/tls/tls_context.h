/*
 * tls_context: the certificate, key and authority of a listener, as OpenSSL wants them (layer tls: above util; io, admin and
 * the programs may use it). Blocking: for start-up and a reload.
 *
 * One place for both: syslog over TLS (io, RFC 5425) and HTTPS (admin).
 */
#ifndef DPWATCH_TLS_TLS_CONTEXT_H
#define DPWATCH_TLS_TLS_CONTEXT_H

#include <stddef.h>

struct ssl_ctx_st; /* OpenSSL's SSL_CTX */

/* PEM files. */
struct tls_files {
	const char *cert; /* the certificate, and behind it those between it and its authority */
	const char *key;  /* its private key, without a passphrase */
	const char *
	    ca; /* authorities: a client must show a certificate of one; NULL: any client is let in */
};

/*
 * A context for servers: TLS 1.2 or newer, no compression, no renegotiation, no session tickets. NULL with a message for
 * people in error, which begins with the key of the configuration and the file ("tls_key /etc/x.pem: ..."). It counts
 * references: what was made of it lives on when tls_context_free() was called.
 */
struct ssl_ctx_st *tls_server_context(const struct tls_files *files, char *error, size_t size);
void tls_context_free(struct ssl_ctx_st *context); /* NULL is fine */

/*
 * What somebody should look at: the certificate has expired, is not valid yet, or will expire within TLS_EXPIRY_DAYS. Writes
 * it into text ("has expired on Mar  1 10:00:00 2026 GMT") and returns text; NULL where all is well.
 */
#define TLS_EXPIRY_DAYS 14
const char *tls_context_warning(struct ssl_ctx_st *context, char *text, size_t size);

#endif
