#include "io/resolve.h"

#include <event2/dns.h>
#include <event2/util.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/*
 * A question and its answer hold each other by a record of their own, which outlives a resolve that was cancelled: evdns
 * tells of a cancelled question later.
 */
struct question {
	struct resolve *resolve; /* NULL: nobody waits any more */
};

struct resolve {
	struct loop *loop;
	resolve_fn *fn;
	void *ctx;
	struct evdns_base *base; /* of the question under way, or the last one */
	struct evdns_getaddrinfo_request *request;
	struct question *question;
};

struct resolve *
resolve_new(struct loop *loop, resolve_fn *fn, void *ctx)
{
	struct resolve *resolve = calloc(1, sizeof(*resolve));

	if (resolve)
		*resolve = (struct resolve){ .loop = loop, .fn = fn, .ctx = ctx };
	return resolve;
}

static void
answer(int error, struct evutil_addrinfo *found, void *ctx)
{
	struct question *question = ctx;
	struct resolve *resolve = question->resolve;
	char address[NI_MAXHOST] = "";

	free(question);
	if (error == 0 && found)
		error = getnameinfo(found->ai_addr, found->ai_addrlen, address, sizeof(address),
		    NULL, 0, NI_NUMERICHOST);
	if (found)
		evutil_freeaddrinfo(found);
	if (!resolve)
		return;
	resolve->question = NULL;
	resolve->request = NULL;
	if (address[0])
		resolve->fn(resolve->ctx, address, NULL);
	else
		resolve->fn(
		    resolve->ctx, NULL, error ? evutil_gai_strerror(error) : "it has no address");
}

void
resolve_cancel(struct resolve *resolve)
{
	struct evdns_getaddrinfo_request *request = resolve->request;

	if (!resolve->question)
		return;
	resolve->question->resolve = NULL;
	resolve->question = NULL;
	resolve->request = NULL;
	if (request)
		evdns_getaddrinfo_cancel(request);
}

void
resolve_ask(struct resolve *resolve, const char *host)
{
	const struct evutil_addrinfo hints = {
		.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = EVUTIL_AI_ADDRCONFIG
	};

	resolve_cancel(resolve);
	if (resolve->base)
		evdns_base_free(resolve->base, 1);
	resolve->base = evdns_base_new(loop_base(resolve->loop),
	    EVDNS_BASE_INITIALIZE_NAMESERVERS | EVDNS_BASE_DISABLE_WHEN_INACTIVE);
	struct question *question = resolve->base ? calloc(1, sizeof(*question)) : NULL;
	if (!question) {
		resolve->fn(resolve->ctx, NULL, "no name server can be asked");
		return;
	}
	question->resolve = resolve;
	resolve->question = question;
	struct evdns_getaddrinfo_request *request =
	    evdns_getaddrinfo(resolve->base, host, NULL, &hints, answer, question);
	/* Where it was answered at once, the question is gone. */
	if (resolve->question == question)
		resolve->request = request;
}

void
resolve_free(struct resolve *resolve)
{
	if (!resolve)
		return;
	resolve_cancel(resolve);
	if (resolve->base)
		evdns_base_free(resolve->base, 1);
	free(resolve);
}
