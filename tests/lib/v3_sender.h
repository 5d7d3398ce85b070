/*
 * v3_sender: SNMPv3 traps of many engines, made quickly and without net-snmp: SHA (HMAC-SHA-96) and AES-128, as RFC 3414 and
 * RFC 3826 have them, over OpenSSL. What it makes is proved right by a daemon that takes it. Functions are static: tests/lib
 * is linked into tests that know nothing of OpenSSL.
 */
#ifndef DPWATCH_TESTS_LIB_V3_SENDER_H
#define DPWATCH_TESTS_LIB_V3_SENDER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#define V3_KEY 20
#define V3_ENGINE_ID 9
#define V3_MESSAGE_MAX 512

/* A user's passwords as keys: RFC 3414 A.2.2. */
struct v3_user {
	const char *name;
	uint8_t auth[V3_KEY], priv[V3_KEY];
};

/* The same for one engine. */
struct v3_engine {
	uint8_t id[V3_ENGINE_ID];
	uint8_t auth[V3_KEY], priv[V3_KEY];
	uint32_t boots;
};

static inline void
v3_password(const char *password, uint8_t key[V3_KEY])
{
	static char bytes[1048576];
	size_t len = strlen(password);

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = password[i % len];
	if (!EVP_Digest(bytes, sizeof(bytes), key, NULL, EVP_sha1(), NULL))
		abort();
}

static inline struct v3_user
v3_user(const char *name, const char *auth_password, const char *priv_password)
{
	struct v3_user user = { .name = name };

	v3_password(auth_password, user.auth);
	v3_password(priv_password, user.priv);
	return user;
}

static inline void
v3_localize(const uint8_t ku[V3_KEY], const uint8_t id[V3_ENGINE_ID], uint8_t key[V3_KEY])
{
	uint8_t bytes[2 * V3_KEY + V3_ENGINE_ID];

	memcpy(bytes, ku, V3_KEY);
	memcpy(bytes + V3_KEY, id, V3_ENGINE_ID);
	memcpy(bytes + V3_KEY + V3_ENGINE_ID, ku, V3_KEY);
	if (!EVP_Digest(bytes, sizeof(bytes), key, NULL, EVP_sha1(), NULL))
		abort();
}

/* The engine of a number, 0x80001f8804 and four octets. */
static inline struct v3_engine
v3_engine(const struct v3_user *user, uint32_t number, uint32_t boots)
{
	struct v3_engine engine = { .id = { 0x80, 0x00, 0x1f, 0x88, 0x04, (uint8_t)(number >> 24),
					(uint8_t)(number >> 16), (uint8_t)(number >> 8),
					(uint8_t)number },
		.boots = boots };

	v3_localize(user->auth, engine.id, engine.auth);
	v3_localize(user->priv, engine.id, engine.priv);
	return engine;
}

/* ---- BER, written from the front; lengths in three octets, so that they can be filled in behind ---- */

struct v3_writer {
	uint8_t bytes[V3_MESSAGE_MAX];
	size_t len;
};

static inline void
v3_put(struct v3_writer *writer, const void *bytes, size_t len)
{
	if (len > sizeof(writer->bytes) - writer->len)
		abort();
	memcpy(writer->bytes + writer->len, bytes, len);
	writer->len += len;
}

/* Begins an element whose length is not known yet; returns where it is. */
static inline size_t
v3_begin(struct v3_writer *writer, uint8_t tag)
{
	v3_put(writer, (const uint8_t[]){ tag, 0x82, 0, 0 }, 4);
	return writer->len;
}

static inline void
v3_end(struct v3_writer *writer, size_t at)
{
	writer->bytes[at - 2] = (uint8_t)((writer->len - at) >> 8);
	writer->bytes[at - 1] = (uint8_t)(writer->len - at);
}

static inline void
v3_put_element(struct v3_writer *writer, uint8_t tag, const void *bytes, size_t len)
{
	size_t at = v3_begin(writer, tag);

	v3_put(writer, bytes, len);
	v3_end(writer, at);
}

/* A number below 2^31, in four octets. */
static inline void
v3_put_number(struct v3_writer *writer, uint8_t tag, uint32_t number)
{
	const uint8_t bytes[] = { tag, 4, (uint8_t)(number >> 24), (uint8_t)(number >> 16),
		(uint8_t)(number >> 8), (uint8_t)number };

	v3_put(writer, bytes, sizeof(bytes));
}

/* What a trap says. */
struct v3_trap {
	uint32_t time;   /* msgAuthoritativeEngineTime */
	uint32_t msg_id; /* and request-id, and salt */
	uint32_t uptime_cs, if_index;
	int up;
};

static inline void
v3_put_scoped_pdu(
    struct v3_writer *writer, const struct v3_engine *engine, const struct v3_trap *trap)
{
	static const uint8_t up_time[] = { 0x2b, 6, 1, 2, 1, 1, 3, 0 };
	static const uint8_t trap_oid[] = { 0x2b, 6, 1, 6, 3, 1, 1, 4, 1, 0 };
	const uint8_t link_trap[] = { 0x2b, 6, 1, 6, 3, 1, 1, 5, trap->up ? 4 : 3 };
	/* ifIndex.N, N below 16384 */
	const uint8_t if_index[] = { 0x2b, 6, 1, 2, 1, 2, 2, 1, 1,
		(uint8_t)(0x80 | trap->if_index >> 7), (uint8_t)(trap->if_index & 0x7f) };
	bool is_short = trap->if_index < 128;
	uint8_t index_oid[sizeof(if_index)];
	size_t scoped = v3_begin(writer, 0x30);

	memcpy(index_oid, if_index, sizeof(if_index));
	if (is_short)
		index_oid[9] = (uint8_t)trap->if_index;
	v3_put_element(writer, 0x04, engine->id, sizeof(engine->id));
	v3_put_element(writer, 0x04, "", 0);
	size_t pdu = v3_begin(writer, 0xa7);
	v3_put_number(writer, 0x02, trap->msg_id);
	v3_put_number(writer, 0x02, 0);
	v3_put_number(writer, 0x02, 0);
	size_t varbinds = v3_begin(writer, 0x30), varbind = v3_begin(writer, 0x30);
	v3_put_element(writer, 0x06, up_time, sizeof(up_time));
	v3_put_number(writer, 0x43, trap->uptime_cs);
	v3_end(writer, varbind);
	varbind = v3_begin(writer, 0x30);
	v3_put_element(writer, 0x06, trap_oid, sizeof(trap_oid));
	v3_put_element(writer, 0x06, link_trap, sizeof(link_trap));
	v3_end(writer, varbind);
	varbind = v3_begin(writer, 0x30);
	v3_put_element(writer, 0x06, index_oid, sizeof(index_oid) - (is_short ? 1 : 0));
	v3_put_number(writer, 0x02, trap->if_index);
	v3_end(writer, varbind);
	v3_end(writer, varbinds);
	v3_end(writer, pdu);
	v3_end(writer, scoped);
}

static inline void
v3_put_be32(uint8_t *to, uint32_t number)
{
	for (int i = 0; i < 4; i++)
		to[i] = (uint8_t)(number >> (24 - 8 * i));
}

/* RFC 3826 3.1: AES-128 in CFB mode, the IV of boots, time and salt. */
static inline void
v3_encrypt(const struct v3_engine *engine, const struct v3_trap *trap, const uint8_t salt[8],
    struct v3_writer *scoped)
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	uint8_t iv[16], out[V3_MESSAGE_MAX];
	int len = 0;

	v3_put_be32(iv, engine->boots);
	v3_put_be32(iv + 4, trap->time);
	memcpy(iv + 8, salt, 8);
	if (!context ||
	    !EVP_EncryptInit_ex(context, EVP_aes_128_cfb128(), NULL, engine->priv, iv) ||
	    !EVP_EncryptUpdate(context, out, &len, scoped->bytes, (int)scoped->len))
		abort();
	EVP_CIPHER_CTX_free(context);
	memcpy(scoped->bytes, out, scoped->len);
}

/* A scoped PDU as a message, authPriv. Only time and msg_id of the trap are looked at. */
static inline struct v3_writer
v3_wrap(const struct v3_user *user, const struct v3_engine *engine, const struct v3_trap *trap,
    struct v3_writer scoped)
{
	struct v3_writer message = { .len = 0 };
	uint8_t salt[8] = { 0 }, digest[EVP_MAX_MD_SIZE];
	const uint8_t flags = 0x03;
	unsigned int digest_len;

	v3_put_be32(salt + 4, trap->msg_id);
	v3_encrypt(engine, trap, salt, &scoped);

	size_t whole = v3_begin(&message, 0x30);
	v3_put_number(&message, 0x02, 3);
	size_t global = v3_begin(&message, 0x30);
	v3_put_number(&message, 0x02, trap->msg_id);
	v3_put_number(&message, 0x02, 65507);
	v3_put_element(&message, 0x04, &flags, 1);
	v3_put_number(&message, 0x02, 3);
	v3_end(&message, global);
	size_t security = v3_begin(&message, 0x04), parameters = v3_begin(&message, 0x30);
	v3_put_element(&message, 0x04, engine->id, sizeof(engine->id));
	v3_put_number(&message, 0x02, engine->boots);
	v3_put_number(&message, 0x02, trap->time);
	v3_put_element(&message, 0x04, user->name, strlen(user->name));
	size_t mac = v3_begin(&message, 0x04);
	v3_put(&message, (const uint8_t[12]){ 0 }, 12);
	v3_end(&message, mac);
	v3_put_element(&message, 0x04, salt, sizeof(salt));
	v3_end(&message, parameters);
	v3_end(&message, security);
	v3_put_element(&message, 0x04, scoped.bytes, scoped.len);
	v3_end(&message, whole);
	if (!HMAC(
		EVP_sha1(), engine->auth, V3_KEY, message.bytes, message.len, digest, &digest_len))
		abort();
	memcpy(message.bytes + mac, digest, 12);
	return message;
}

/* A link trap as a message, authPriv. */
static inline struct v3_writer
v3_trap_message(
    const struct v3_user *user, const struct v3_engine *engine, const struct v3_trap *trap)
{
	struct v3_writer scoped = { .len = 0 };

	v3_put_scoped_pdu(&scoped, engine, trap);
	return v3_wrap(user, engine, trap, scoped);
}

#endif
