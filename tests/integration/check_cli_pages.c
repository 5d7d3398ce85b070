/* dpwatch: what comes in several pages, while another map comes in force between two of them. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/cli_box.h"
#include "lib/http_client.h"

#define SWITCHES 1200 /* more than a page */
#define FIRST "127.1.0.1"
#define HEARD 250 /* interfaces: more than a page of those that were heard of */

/* Whose switches are named after it. */
static void
load_map(int number)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	fprintf(file, "{\"switches\": [");
	for (int i = 0; i < SWITCHES; i++)
		fprintf(file, "%s{\"name\": \"map%d-%04d\", \"addresses\": [\"127.1.%d.%d\"]}",
		    i > 0 ? "," : "", number, i, i / 250, i % 250 + 1);
	fprintf(file, "]}");
	ck_assert_int_eq(fclose(file), 0);
	sandbox_load(&box, text);
	free(text);
}

/* ---- between dpwatch and the daemon ---- */

static bool
read_head(int fd, char *head, size_t size)
{
	size_t len = 0;
	ssize_t n;

	while (len < size - 1 && (n = read(fd, head + len, size - 1 - len)) > 0) {
		len += (size_t)n;
		head[len] = '\0';
		if (strstr(head, "\r\n\r\n"))
			return true;
	}
	return false;
}

/* Hands a GET on, and its answer back. */
static void
pass_on(int fd, const char *target)
{
	json_t *json;
	int status = http_client(box.api, "GET", target, NULL, &json);
	char *body = json_dumps(json, JSON_COMPACT);

	ck_assert_ptr_nonnull(body);
	dprintf(fd,
	    "HTTP/1.1 %d Whatever\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
	    "Connection: close\r\n\r\n%s",
	    status, strlen(body), body);
	free(body);
	json_decref(json);
}

#define FURTHER_PAGE "marker="
#define INTERFACES "GET /v1/interfaces" /* any page of them */

/* Before each of the first `changes` requests that hold `what`, another map comes in force. */
static void
stand_between(int listening, const char *what, int changes)
{
	char head[4096], target[1024];

	for (int number = 1;;) {
		int fd = accept(listening, NULL, NULL);
		if (read_head(fd, head, sizeof(head)) && sscanf(head, "GET %1023s", target) == 1) {
			if (strstr(head, what) && number <= changes)
				load_map(++number);
			pass_on(fd, target);
		}
		close(fd);
	}
}

static char between_api[sizeof("unix:") + sizeof(((struct sockaddr_un *)0)->sun_path)];

static struct process
begin_to_stand_between(const char *what, int changes)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/between", box.dir);
	ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(fd, 8), 0);
	pid_t pid = fork();
	if (pid == 0)
		stand_between(fd, what, changes);
	close(fd);
	snprintf(between_api, sizeof(between_api), "unix:%s", address.sun_path);
	return (struct process){ pid };
}

/* ---- tests ---- */

START_TEST(a_list_begins_again_when_another_map_came_in_force)
{
	char command[400], wanted[32];

	load_map(1);
	struct process between = begin_to_stand_between(FURTHER_PAGE, _i);
	snprintf(command, sizeof(command),
	    "%s --api %s switch list -o json | grep -o '\"map[0-9]*-[0-9]*\"' | cut -d- -f1 | sort | uniq -c",
	    sandbox_program("dpwatch"), between_api);
	ck_assert_int_eq(process_run(out, sizeof(out), ARGV("sh", "-c", command)), 0);
	process_kill(&between);
	/* All of the last one, once, and nothing of those before. */
	snprintf(wanted, sizeof(wanted), "   %d \"map%d\n", SWITCHES, 1 + _i);
	ck_assert_str_eq(out, wanted);
}
END_TEST

START_TEST(a_map_that_never_stays_is_told)
{
	load_map(1);
	struct process between = begin_to_stand_between(FURTHER_PAGE, 3);
	ck_assert_int_eq(run(ARGV("--api", between_api, "switch", "list")), 1);
	process_kill(&between);
	ck_assert_str_eq(out,
	    "dpwatch: another topology came in force since the page before: begin again, without a marker\n");
}
END_TEST

/* Lines of the first switch about so many interfaces. */
static void
speak_of_interfaces(void)
{
	char line[120];

	for (int i = 1; i <= HEARD; i++) {
		snprintf(line, sizeof(line),
		    "<187>%d: %%LINK-3-UPDOWN: Interface Ethernet1/%d, changed state to down", i,
		    i);
		sandbox_line(&box, FIRST, line);
	}
	WAIT_FOR(sandbox_counter(&box, "syslog.event") == HEARD);
}

START_TEST(a_check_of_the_map_in_force_asks_to_be_called_again_when_another_came)
{
	load_map(1);
	speak_of_interfaces();
	struct process between = begin_to_stand_between(_i == 0 ? INTERFACES : FURTHER_PAGE, 1);
	ck_assert_int_eq(run(ARGV("--api", between_api, "topology", "check")), 1);
	ck_assert_str_eq(out, "dpwatch: another topology came in force meanwhile: ask again\n");
	/* The other one stays. */
	ck_assert_int_eq(run(ARGV("--api", between_api, "topology", "check")), 0);
	process_kill(&between);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("cli pages");
	TCase *pages = tcase_create("pages");

	tcase_set_timeout(pages, 60);
	tcase_add_checked_fixture(pages, box_set_up, box_tear_down);
	tcase_add_loop_test(pages, a_list_begins_again_when_another_map_came_in_force, 0, 3);
	tcase_add_test(pages, a_map_that_never_stays_is_told);
	tcase_add_loop_test(
	    pages, a_check_of_the_map_in_force_asks_to_be_called_again_when_another_came, 0, 2);
	suite_add_tcase(suite, pages);
	return sandbox_main(suite);
}
