#include "io/usm_library.h"

#include <net-snmp/net-snmp-config.h>

#include <net-snmp/net-snmp-includes.h>

#include <net-snmp/library/callback.h>
#include <net-snmp/library/keytools.h>
#include <net-snmp/library/lcd_time.h>
#include <net-snmp/library/scapi.h>
#include <net-snmp/library/snmp-tc.h>
#include <net-snmp/library/snmpusm.h>

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#define DES_KEY_AND_IV 16

static const int auth_types[USM_AUTH_MAX] = {
	[USM_AUTH_NONE] = NETSNMP_USMAUTH_NOAUTH,
	[USM_AUTH_MD5] = NETSNMP_USMAUTH_HMACMD5,
	[USM_AUTH_SHA] = NETSNMP_USMAUTH_HMACSHA1,
	[USM_AUTH_SHA224] = NETSNMP_USMAUTH_HMAC128SHA224,
	[USM_AUTH_SHA256] = NETSNMP_USMAUTH_HMAC192SHA256,
	[USM_AUTH_SHA384] = NETSNMP_USMAUTH_HMAC256SHA384,
	[USM_AUTH_SHA512] = NETSNMP_USMAUTH_HMAC384SHA512,
};
static const int priv_types[USM_PRIV_MAX] = {
	[USM_PRIV_NONE] = USM_CREATE_USER_PRIV_NONE,
	[USM_PRIV_DES] = USM_CREATE_USER_PRIV_DES,
	[USM_PRIV_AES128] = USM_CREATE_USER_PRIV_AES,
	[USM_PRIV_AES192] = USM_CREATE_USER_PRIV_AES192,
	[USM_PRIV_AES256] = USM_CREATE_USER_PRIV_AES256,
	[USM_PRIV_AES192_C] = USM_CREATE_USER_PRIV_AES192_CISCO,
	[USM_PRIV_AES256_C] = USM_CREATE_USER_PRIV_AES256_CISCO,
};

/* There is one library, and one user in it. */
static struct {
	struct usmUser user;
	bool presented;
	uint8_t engine_id[USM_ENGINE_ID_MAX]; /* ours */
	size_t engine_id_len;
} library;

/*
 * The library draws the first salts of privacy by chance when configuration files have been read, which is never here. Without
 * that they begin at 0, and come again after each start (RFC 3826 3.1.2.1, RFC 3414 8.1.1.1).
 */
static void
draw_salts(void)
{
	snmp_call_callbacks(SNMP_CALLBACK_LIBRARY, SNMP_CALLBACK_POST_PREMIB_READ_CONFIG, NULL);
}

bool
usm_library_open(struct slice engine_id, uint32_t boots)
{
	static bool started;
	char before[16];

	/* The library adds one: this is how it reads its own file. */
	snprintf(before, sizeof(before), "%u", boots - 1);
	if (!started) {
		netsnmp_ds_set_string(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_APPTYPE, "dpwatchd");
		init_snmpv3("dpwatchd");
	}
	if (set_exact_engineID((const u_char *)engine_id.data, engine_id.len) != SNMPERR_SUCCESS)
		return false;
	if (!started)
		draw_salts();
	started = true;
	engineBoots_conf("engineBoots", before);
	memcpy(library.engine_id, engine_id.data, engine_id.len);
	library.engine_id_len = engine_id.len;
	return true;
}

bool
usm_library_ready(void)
{
	/* net-snmp's enterprise, and octets (RFC 3411, SnmpEngineID) that nobody else has. */
	uint8_t id[17] = { 0x80, 0x00, 0x1f, 0x88, 0x05 };

	if (library.engine_id_len > 0)
		return true;
	if (getrandom(id + 5, sizeof(id) - 5, GRND_NONBLOCK) < 0)
		return false;
	return usm_library_open((struct slice){ (const char *)id, sizeof(id) }, 1);
}

void
usm_know_ourselves(void)
{
	set_enginetime(library.engine_id, (u_int)library.engine_id_len,
	    (u_int)snmpv3_local_snmpEngineBoots(), (u_int)snmpv3_local_snmpEngineTime(), TRUE);
}

/* ---- keys ---- */

static const oid *
auth_oid(enum usm_auth auth, size_t *ret_len)
{
	return sc_get_auth_oid(auth_types[auth], ret_len);
}

static bool
make_ku(enum usm_auth auth, const char *secret, uint8_t *ret_ku, size_t *ret_len)
{
	size_t oid_len = 0, len = USM_KEY_MAX; /* the library asks for room for any digest */
	const oid *type = auth_oid(auth, &oid_len);

	if (type == NULL || generate_Ku(type, (u_int)oid_len, (const u_char *)secret,
				strlen(secret), ret_ku, &len) != SNMPERR_SUCCESS)
		return false;
	*ret_len = len;
	return true;
}

bool
usm_master_make(enum usm_auth auth, const char *auth_secret, enum usm_priv priv,
    const char *priv_secret, struct usm_master *ret_master)
{
	struct usm_master master = { .auth = auth, .priv = priv };
	bool made = (auth == USM_AUTH_NONE ||
			make_ku(auth, auth_secret, master.auth_ku, &master.auth_len)) &&
		    (priv == USM_PRIV_NONE ||
			(sc_get_priv_alg_bytype((u_int)priv_types[priv]) != NULL &&
			    make_ku(auth, priv_secret, master.priv_ku, &master.priv_len)));

	if (made)
		*ret_master = master;
	explicit_bzero(&master, sizeof(master));
	return made;
}

static bool
localize(enum usm_auth auth, struct slice engine_id, const uint8_t *ku, size_t ku_len,
    uint8_t *ret_key, size_t *ret_len)
{
	size_t oid_len = 0, len = USM_KEY_MAX;
	const oid *type = auth_oid(auth, &oid_len);

	if (type == NULL || generate_kul(type, (u_int)oid_len, (const u_char *)engine_id.data,
				engine_id.len, ku, ku_len, ret_key, &len) != SNMPERR_SUCCESS)
		return false;
	*ret_len = len;
	return true;
}

bool
usm_localize_auth(const struct usm_master *master, struct slice engine_id, struct usm_keys *keys)
{
	size_t len = 0;

	if (!localize(master->auth, engine_id, master->auth_ku, master->auth_len, keys->auth, &len))
		return false;
	keys->auth_len = (uint8_t)len;
	return true;
}

bool
usm_localize_priv(const struct usm_master *master, struct slice engine_id, struct usm_keys *keys)
{
	const netsnmp_priv_alg_info *algorithm;
	u_char *key = keys->priv;
	size_t len = 0, oid_len = 0;

	if (master->priv == USM_PRIV_NONE)
		return true;
	algorithm = sc_get_priv_alg_bytype((u_int)priv_types[master->priv]);
	oid *type = sc_get_auth_oid(auth_types[master->auth], &oid_len);
	if (algorithm == NULL || algorithm->proper_length > USM_KEY_MAX ||
	    !localize(master->auth, engine_id, master->priv_ku, master->priv_len, keys->priv, &len))
		return false;
	if (netsnmp_extend_kul((u_int)algorithm->proper_length, type, (u_int)oid_len,
		priv_types[master->priv], (u_char *)(uintptr_t)engine_id.data, (u_int)engine_id.len,
		&key, &len, USM_KEY_MAX) != SNMPERR_SUCCESS ||
	    len < (size_t)algorithm->proper_length)
		return false;
	/* RFC 3414 8.1.1.1: of DES's sixteen octets the library counts only the eight of the key. */
	keys->priv_len =
	    master->priv == USM_PRIV_DES ? DES_KEY_AND_IV : (uint8_t)algorithm->proper_length;
	return true;
}

bool
usm_is_authentic(const struct usm_master *master, const struct usm_keys *keys,
    struct slice datagram, struct slice mac)
{
	static u_char copy[65536];
	size_t oid_len = 0;
	const oid *type = auth_oid(master->auth, &oid_len);

	if (type == NULL || datagram.len > sizeof(copy) || mac.len == 0 || mac.len > USM_KEY_MAX)
		return false;
	/* The digest was made with zeros in its own place. */
	memcpy(copy, datagram.data, datagram.len);
	memset(copy + (mac.data - datagram.data), 0, mac.len);
	return sc_check_keyed_hash(type, oid_len, keys->auth, keys->auth_len, copy,
		   (u_int)datagram.len, (const u_char *)mac.data,
		   (u_int)mac.len) == SNMPERR_SUCCESS;
}

/* ---- the one user ---- */

void
usm_present(const char *user, const struct usm_master *master, struct slice engine_id,
    const struct usm_keys *keys)
{
	struct usmUser *one = &library.user;

	*one = (struct usmUser){
		.engineID = (u_char *)(uintptr_t)engine_id.data,
		.engineIDLen = engine_id.len,
		.name = (char *)(uintptr_t)user,
		.secName = (char *)(uintptr_t)user,
		.userStatus = RS_ACTIVE,
	};
	one->authProtocol = sc_get_auth_oid(auth_types[master->auth], &one->authProtocolLen);
	one->privProtocol = sc_get_priv_oid(priv_types[master->priv], &one->privProtocolLen);
	if (keys != NULL) {
		one->authKey = (u_char *)(uintptr_t)keys->auth;
		one->authKeyLen = keys->auth_len;
		one->privKey = (u_char *)(uintptr_t)keys->priv;
		one->privKeyLen = keys->priv_len;
	}
	usm_add_user(one);
	library.presented = true;
}

void
usm_set_time(struct slice engine_id, uint32_t boots, uint32_t time)
{
	set_enginetime((const u_char *)engine_id.data, (u_int)engine_id.len, boots, time, TRUE);
}

void
usm_withdraw(struct slice engine_id)
{
	if (library.presented)
		usm_remove_user(&library.user);
	library.presented = false;
	if (engine_id.len > 0)
		free_enginetime((unsigned char *)(uintptr_t)engine_id.data, engine_id.len);
}
