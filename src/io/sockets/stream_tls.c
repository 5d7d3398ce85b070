#include "io/stream_tls.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

struct stream_tls {
	SSL *ssl;
	bool open; /* the handshake is over; the library forgets that with a fatal error */
	bool dead; /* a fatal error: nothing more may be said */
	char failure[160];
};

struct stream_tls *
stream_tls_new(struct ssl_ctx_st *context, int fd)
{
	struct stream_tls *tls = calloc(1, sizeof(*tls));

	if (tls == NULL)
		return NULL;
	tls->ssl = SSL_new(context);
	if (tls->ssl == NULL || SSL_set_fd(tls->ssl, fd) != 1) {
		SSL_free(tls->ssl);
		free(tls);
		return NULL;
	}
	SSL_set_accept_state(tls->ssl);
	return tls;
}

void
stream_tls_free(struct stream_tls *tls)
{
	if (tls == NULL)
		return;
	ERR_clear_error();
	if (!tls->dead && tls->open)
		(void)SSL_shutdown(tls->ssl);
	ERR_clear_error();
	SSL_free(tls->ssl);
	free(tls);
}

/* The first error of the queue in words that help; the certificate's own where it was the reason. */
static void
note_failure(struct stream_tls *tls, int error, int saved_errno)
{
	unsigned long code = ERR_peek_error();
	long verified = SSL_get_verify_result(tls->ssl);
	const char *text = ERR_reason_error_string(code);

	switch (ERR_GET_LIB(code) == ERR_LIB_SSL ? ERR_GET_REASON(code) : 0) {
	case SSL_R_WRONG_VERSION_NUMBER:
	case SSL_R_HTTP_REQUEST:
	case SSL_R_HTTPS_PROXY_REQUEST:
	case SSL_R_PACKET_LENGTH_TOO_LONG:
	case SSL_R_BAD_RECORD_TYPE:
		text = "it speaks no TLS";
		break;
	case SSL_R_UNSUPPORTED_PROTOCOL:
	case SSL_R_VERSION_TOO_LOW:
		text = "it offers neither TLS 1.2 nor 1.3";
		break;
	case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
		text = "it showed no certificate, and tls_ca asks for one";
		break;
	case SSL_R_CERTIFICATE_VERIFY_FAILED:
		snprintf(tls->failure, sizeof(tls->failure), "its certificate is refused: %s",
		    X509_verify_cert_error_string(verified));
		return;
	/* It sent an alert. */
	case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
		text =
		    "it refuses our certificate (tls_cert) as expired: replace it, or is a clock off?";
		break;
	case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
		text =
		    "it refuses our certificate (tls_cert): it does not know its authority, or one in between is missing behind it";
		break;
	case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
	case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
	case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
	case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
		text = "it refuses our certificate (tls_cert): its log says why";
		break;
	case SSL_R_UNEXPECTED_EOF_WHILE_READING:
		text = "it closed in the middle";
		break;
	}
	if (text == NULL && error == SSL_ERROR_SYSCALL && saved_errno != 0)
		text = strerror(saved_errno);
	snprintf(tls->failure, sizeof(tls->failure), "%s", text ? text : "it closed in the middle");
}

static enum stream_tls_result
read_failed(struct stream_tls *tls, int result)
{
	int saved_errno = errno, error = SSL_get_error(tls->ssl, result);

	switch (error) {
	case SSL_ERROR_WANT_READ:
		return STREAM_TLS_NOTHING;
	case SSL_ERROR_WANT_WRITE:
		return STREAM_TLS_BLOCKED;
	case SSL_ERROR_ZERO_RETURN:
		return STREAM_TLS_END;
	}
	tls->dead = true;
	if (tls->open)
		return STREAM_TLS_BROKEN;
	note_failure(tls, error, saved_errno);
	return STREAM_TLS_REFUSED;
}

enum stream_tls_result
stream_tls_read(struct stream_tls *tls, char *buf, size_t size, size_t *ret_n)
{
	ERR_clear_error();
	errno = 0;
	/* By itself: a reading that does it, and then meets the end, would not tell the two apart. */
	int result = tls->open ? 1 : SSL_do_handshake(tls->ssl);
	tls->open = result == 1;
	if (tls->open)
		result = SSL_read_ex(tls->ssl, buf, size, ret_n);
	if (result == 1)
		return STREAM_TLS_DATA;
	enum stream_tls_result why = read_failed(tls, result);
	ERR_clear_error();
	return why;
}

bool
stream_tls_is_open(const struct stream_tls *tls)
{
	return tls->open;
}

bool
stream_tls_has_more(const struct stream_tls *tls)
{
	return SSL_pending(tls->ssl) > 0;
}

const char *
stream_tls_failure(const struct stream_tls *tls)
{
	return tls->failure;
}
