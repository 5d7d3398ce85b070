/*
 * fuzz_neutron: any bytes as what Neutron and Keystone answer, and as a cloud of clouds.yaml. The first byte is the status, the
 * rest the body. Whatever comes, there is a verdict, its text can be shown to anybody, and a next page is on the same server.
 */
#include <stdlib.h>
#include <string.h>

#include "core/neutron_auth.h"
#include "core/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_answer(const struct neutron_answer *answer)
{
	struct slice text = slice_of(answer->text);

	if (!text_is_utf8(text) || text_has_control(text))
		abort();
	if ((answer->verdict == NEUTRON_OK) != (text.len == 0))
		abort();
}

static void
fuzz_page(const struct neutron_reply *reply)
{
	struct neutron_page page;

	if (neutron_page_parse(reply->body, &page) != 0)
		return;
	if (page.next && strncmp(page.next, "/v2.0/", 6) != 0)
		abort();
	neutron_page_release(&page);
}

static void
fuzz_token(const struct neutron_reply *reply)
{
	static char user[] = "u";
	struct neutron_auth auth = { .type = NEUTRON_AUTH_PASSWORD,
		.values = { [AUTH_USERNAME] = user } };
	struct neutron_answer answer;
	struct neutron_token token;

	neutron_auth_answer(&auth, reply, "t", &token, &answer);
	check_answer(&answer);
	if (answer.verdict != NEUTRON_OK)
		return;
	if (!token.token || !token.endpoint ||
	    (token.roles && !text_is_utf8(slice_of(token.roles))))
		abort();
	neutron_token_release(&token);
}

static void
fuzz_cloud(struct slice text)
{
	json_t *cloud = json_loadb(text.data, text.len, 0, NULL);
	struct neutron_auth auth = { 0 };
	char error[NEUTRON_TEXT_MAX] = "";
	char *url, *body;

	if (cloud && neutron_auth_from_cloud(&auth, cloud, error) == 0 &&
	    neutron_auth_settle(&auth, error) == 0 && neutron_auth_asks(&auth)) {
		if (neutron_auth_request(&auth, &url, &body) != 0)
			abort();
		free(url);
		free(body);
	}
	neutron_auth_release(&auth);
	json_decref(cloud);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const short statuses[] = { 200, 201, 400, 401, 403, 404, 409, 412, 429, 500, 503,
		301 };
	struct neutron_answer answer;

	if (size == 0)
		return 0;
	const struct neutron_reply reply = {
		.status = statuses[data[0] % (sizeof(statuses) / sizeof(statuses[0]))],
		.body = { (const char *)data + 1, size - 1 },
	};
	neutron_answer_put(&reply, "DOWN", &answer);
	check_answer(&answer);
	neutron_answer_list(&reply, true, &answer);
	check_answer(&answer);
	fuzz_page(&reply);
	fuzz_token(&reply);
	fuzz_cloud(reply.body);
	return 0;
}
