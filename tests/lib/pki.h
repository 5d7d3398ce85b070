/*
 * pki: certificates for tests, made with openssl: an authority, a server's for 127.0.0.1 and ::1 and a client's of it; another
 * authority and a client's of that.
 */
#ifndef DPWATCH_TESTS_LIB_PKI_H
#define DPWATCH_TESTS_LIB_PKI_H

/* Writes ca, server, client, other-ca and stranger (.pem, and .key for each) into the folder. */
void pki_make(const char *folder);

/* One more certificate of that authority ("ca", "other-ca"), valid for so many days. */
void pki_sign(const char *folder, const char *authority, const char *name, int days);

/* "FOLDER/NAME"; the last eight are valid. */
const char *pki_path(const char *folder, const char *name);

#endif
