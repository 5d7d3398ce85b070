/*
 * api_json: the small values that answers are made of, and answers themselves (admin layer; jansson only).
 *
 * Every json_t that is returned is a new reference, or NULL when out of memory; every json_t that is handed in as `taken`
 * is consumed also on failure. An answer whose body could not be made is a 500 without a body.
 */
#ifndef DPWATCH_ADMIN_API_JSON_H
#define DPWATCH_ADMIN_API_JSON_H

#include <jansson.h>
#include <stdint.h>

#include "admin/api.h"
#include "core/topo_codec.h"
#include "util/slice.h"

/* Any bytes as a JSON string: what is not UTF-8 (a switch may send anything) becomes U+FFFD. */
json_t *api_json_bytes(struct slice bytes);
json_t *api_json_text(const char *text);

/* The same, but null for "". */
json_t *api_json_text_or_null(const char *text);

/* RFC 3339 UTC with microseconds; null for 0, which means never. */
json_t *api_json_time(int64_t us);

/* A number; null for 0, where that means "not told". */
json_t *api_json_number_or_null(uint64_t number);

/* [{"path": ..., "reason": ..., "warning": bool}] */
json_t *api_json_faults(const struct topo_faults *faults);

/* Answers with JSON. `taken` may be NULL: out of memory. */
void api_reply(struct api_response *response, int status, json_t *taken);

/* Answers with len bytes of text that was malloc'ed and is taken over; NULL is out of memory. */
void api_reply_text(
    struct api_response *response, int status, const char *content_type, char *taken, size_t len);

/*
 * Answers with Neutron's error body: {"NeutronError": {"type", "message", "detail": ""}} (facts: openstack.md, 1.4).
 */
void api_refuse(struct api_response *response, int status, const char *type, const char *format,
    ...) __attribute__((format(printf, 4, 5)));

/* Neutron's body for no token (keystonemiddleware's, which is no NeutronError). */
void api_refuse_unauthenticated(struct api_response *response);

#endif
