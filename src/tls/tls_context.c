#include "tls/tls_context.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

static const struct {
	int lib, reason; /* lib 0: any */
	const char *text;
} reasons[] = {
	{ ERR_LIB_PEM, PEM_R_NO_START_LINE, "no PEM of that kind is in it" },
	{ ERR_LIB_OSSL_DECODER, ERR_R_UNSUPPORTED, "no PEM of that kind is in it" },
	{ ERR_LIB_PEM, PEM_R_BAD_PASSWORD_READ,
	    "it has a passphrase, and nobody is there to type it" },
	{ 0, ERR_R_INTERRUPTED_OR_CANCELLED,
	    "it has a passphrase, and nobody is there to type it" },
	{ ERR_LIB_X509, X509_R_KEY_VALUES_MISMATCH,
	    "it is not the key of the certificate in tls_cert" },
};

/* What a failed call left in OpenSSL's queue, in words that help. */
static const char *
reason(void)
{
	unsigned long code = ERR_peek_error();
	const char *text = ERR_reason_error_string(code);

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if ((reasons[i].lib == 0 || reasons[i].lib == ERR_GET_LIB(code)) &&
		    reasons[i].reason == ERR_GET_REASON(code))
			return reasons[i].text;
	return text ? text : "unknown error";
}

static int
no_passphrase(char *buf, int size, int writing, void *ctx)
{
	(void)buf;
	(void)size;
	(void)writing;
	(void)ctx;
	return -1;
}

/* Says what is wrong with a file, and false. A file that cannot be opened says so in the system's words. */
static bool
refuse(const char *key, const char *path, char *error, size_t size)
{
	FILE *file = fopen(path, "re");
	int saved = errno;

	snprintf(error, size, "%s %s: %s", key, path, file ? reason() : strerror(saved));
	if (file)
		fclose(file);
	return false;
}

static bool
use_certificate(SSL_CTX *context, const struct tls_files *files, char *error, size_t size)
{
	ERR_clear_error();
	if (SSL_CTX_use_certificate_chain_file(context, files->cert) != 1)
		return refuse("tls_cert", files->cert, error, size);
	ERR_clear_error();
	if (SSL_CTX_use_PrivateKey_file(context, files->key, SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_check_private_key(context) != 1)
		return refuse("tls_key", files->key, error, size);
	return true;
}

/* RFC 5425 4.2.2: who may send is a matter of the certificate that the client shows. */
static bool
use_authority(SSL_CTX *context, const struct tls_files *files, char *error, size_t size)
{
	static const unsigned char session[] = "dpwatch";

	if (!files->ca)
		return true;
	ERR_clear_error();
	if (SSL_CTX_load_verify_file(context, files->ca) != 1)
		return refuse("tls_ca", files->ca, error, size);
	SSL_CTX_set_client_CA_list(context, SSL_load_client_CA_file(files->ca));
	SSL_CTX_set_session_id_context(context, session, sizeof(session) - 1);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	return true;
}

/*
 * No tickets: a sender that writes and closes at once would answer them with a reset, and what it had sent would be lost
 * (TLS 1.3 sends them unasked). Switches keep their connections, so nothing is to be resumed.
 */
static void
set_rules(SSL_CTX *context)
{
	SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
	SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
					 SSL_OP_NO_TICKET | SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_num_tickets(context, 0);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	/* Retried writes come from a buffer that may have moved; idle connections give theirs back. */
	SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE |
				      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
				      SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_default_passwd_cb(context, no_passphrase);
}

struct ssl_ctx_st *
tls_server_context(const struct tls_files *files, char *error, size_t size)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());

	if (!context) {
		snprintf(error, size, "TLS: %s", reason());
		return NULL;
	}
	set_rules(context);
	if (!use_certificate(context, files, error, size) ||
	    !use_authority(context, files, error, size)) {
		SSL_CTX_free(context);
		context = NULL;
	}
	ERR_clear_error();
	return context;
}

void
tls_context_free(struct ssl_ctx_st *context)
{
	SSL_CTX_free(context);
}

/* "expires on Mar  1 10:00:00 2026 GMT" */
static const char *
write_date(const char *what, const ASN1_TIME *time, char *text, size_t size)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char date[64] = "";

	if (bio && ASN1_TIME_print(bio, time) == 1) {
		int len = BIO_read(bio, date, sizeof(date) - 1);
		date[len > 0 ? len : 0] = '\0';
	}
	BIO_free(bio);
	snprintf(text, size, "%s %s", what, date);
	return text;
}

const char *
tls_context_warning(struct ssl_ctx_st *context, char *text, size_t size)
{
	const X509 *certificate = SSL_CTX_get0_certificate(context);
	const ASN1_TIME *from = X509_get0_notBefore(certificate);
	const ASN1_TIME *until = X509_get0_notAfter(certificate);
	int days, seconds;

	/* From now (NULL) to the date. */
	if (ASN1_TIME_diff(&days, &seconds, NULL, from) == 1 && (days > 0 || seconds > 0))
		return write_date("is not valid before", from, text, size);
	if (ASN1_TIME_diff(&days, &seconds, NULL, until) != 1)
		return NULL;
	if (days < 0 || seconds < 0)
		return write_date("has expired on", until, text, size);
	return days < TLS_EXPIRY_DAYS ? write_date("expires on", until, text, size) : NULL;
}
