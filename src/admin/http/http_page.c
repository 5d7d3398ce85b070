/*
 * What evhttp refuses by itself (a request line that is none, a head or body that is too long, a method that it does not know)
 * it answers with a page in HTML, and libevent 2.1 has no way to say otherwise. Its page is written to the connection's output
 * in one go, before anything is sent of it; here it becomes the body that all our errors have.
 */
#include <event2/buffer.h>
#include <string.h>

#include "admin/api_json.h"
#include "admin/http_server.h"

/* evhttp's pages have some 250 bytes. */
#define PAGE_MAX 1024

static const struct {
	int status;
	const char *type, *message;
} pages[] = {
	{ 400, "HTTPBadRequest", "this is no HTTP request, or its head has more than 16 KiB" },
	{ 413, "HTTPRequestEntityTooLarge",
	    "the body is too large, or is not in chunks as it says (extensions of chunks are not read)" },
	{ 417, "HTTPExpectationFailed", "nothing is expected here but 100-continue" },
	{ 501, "HTTPNotImplemented", "there is no such method" },
};
#define N_PAGES (sizeof(pages) / sizeof(pages[0]))

/* The page in the buffer, whole, as text; false where it is something else. */
static bool
page_read(struct evbuffer *output, char text[PAGE_MAX])
{
	static const char begin[] = "HTTP/1.", end[] = "</BODY></HTML>\n";
	size_t len = evbuffer_get_length(output);

	if (len >= PAGE_MAX || len < strlen(begin) + strlen(end) ||
	    evbuffer_copyout(output, text, len) != (ev_ssize_t)len)
		return false;
	text[len] = '\0';
	return strncmp(text, begin, strlen(begin)) == 0 &&
	       strcmp(text + len - strlen(end), end) == 0 &&
	       strstr(text, "\r\nContent-Type: text/html\r\n");
}

static void
page_replace(struct evbuffer *output, const char *page, size_t row)
{
	struct api_response response = { 0 };
	struct slice status_line = slice_first(slice_of(page), strcspn(page, "\r"));
	const char *date = strstr(page, "\r\nDate: ");
	size_t date_len = date ? strcspn(date + 2, "\r") : 0;

	api_refuse(&response, pages[row].status, pages[row].type, "%s", pages[row].message);
	if (!response.body)
		return;
	/* A bufferevent keeps others from draining its output. */
	evbuffer_unfreeze(output, 1);
	evbuffer_drain(output, evbuffer_get_length(output));
	evbuffer_freeze(output, 1);
	evbuffer_add(output, status_line.data, status_line.len);
	evbuffer_add_printf(output,
	    "\r\nContent-Type: %s\r\nConnection: close\r\n%.*s%sContent-Length: %zu\r\n\r\n",
	    response.content_type, (int)date_len, date ? date + 2 : "", date ? "\r\n" : "",
	    response.len);
	evbuffer_add(output, response.body, response.len);
	api_response_release(&response);
}

void
http_page_written(struct evbuffer *output)
{
	char page[PAGE_MAX];
	unsigned long long status;

	if (!page_read(output, page) ||
	    !slice_to_uint((struct slice){ page + strlen("HTTP/1.1 "), 3 }, 999, &status))
		return;
	for (size_t i = 0; i < N_PAGES; i++)
		if ((unsigned long long)pages[i].status == status)
			page_replace(output, page, i);
}
