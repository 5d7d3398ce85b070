#include "io/usm_store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "util/log.h"

#define IDENTITY_FILE "snmp-engine"
#define ENGINES_FILE "snmp-engines"

/* RFC 3411 5, SnmpEngineID: 0x80 and an enterprise (net-snmp's, 8072), its own format 128, then eight random octets. */
static const uint8_t engine_id_head[] = { 0x80, 0x00, 0x1f, 0x88, 0x80 };
#define ENGINE_ID_RANDOM 8

static int
path_of(const char *dir, const char *file, const char *suffix, char path[PATH_MAX])
{
	return snprintf(path, PATH_MAX, "%s/%s%s", dir, file, suffix) < PATH_MAX ? 0
										 : -ENAMETOOLONG;
}

/* A file beside the one to be replaced. NULL with errno set. */
static FILE *
begin_replacing(const char *dir, const char *file)
{
	char path[PATH_MAX];

	if (path_of(dir, file, ".new", path) != 0) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	FILE *to = fd < 0 ? NULL : fdopen(fd, "w");
	if (fd >= 0 && !to)
		close(fd);
	return to;
}

/* Puts it in place; `synced`: on disk before that. Takes `to`. 0 or a negative errno, with the old file as it was. */
static int
end_replacing(FILE *to, const char *dir, const char *file, bool synced)
{
	char path[PATH_MAX], old[PATH_MAX];
	int error = 0;

	if (fflush(to) != 0 || (synced && fsync(fileno(to)) != 0))
		error = -errno;
	if (fclose(to) != 0 && error == 0)
		error = -errno;
	if (error == 0 &&
	    (path_of(dir, file, ".new", path) != 0 || path_of(dir, file, "", old) != 0))
		error = -ENAMETOOLONG;
	if (error == 0 && rename(path, old) != 0)
		error = -errno;
	return error;
}

/* ---- who we are ---- */

static bool
read_identity(const char *dir, struct usm_identity *ret_identity)
{
	char path[PATH_MAX], id[USM_ENGINE_TEXT + 1];
	struct usm_identity identity = { .id_len = 0 };

	if (path_of(dir, IDENTITY_FILE, "", path) != 0)
		return false;
	FILE *from = fopen(path, "re");
	if (!from)
		return false;
	bool read = fscanf(from, "%67s %u", id, &identity.boots) == 2 &&
		    usm_engine_id_parse(slice_of(id), identity.id, &identity.id_len) &&
		    identity.id_len >= USM_ENGINE_ID_MIN && identity.boots >= 1 &&
		    identity.boots < INT32_MAX - 1;
	fclose(from);
	if (read)
		*ret_identity = identity;
	else
		log_warning(
		    "snmp: %s holds no engine id and boots: a new engine begins, and senders "
		    "of INFORMs have to discover it",
		    path);
	return read;
}

static int
make_identity(struct usm_identity *ret_identity)
{
	struct usm_identity identity = { .id_len = sizeof(engine_id_head) + ENGINE_ID_RANDOM };

	memcpy(identity.id, engine_id_head, sizeof(engine_id_head));
	if (getrandom(identity.id + sizeof(engine_id_head), ENGINE_ID_RANDOM, 0) !=
	    ENGINE_ID_RANDOM)
		return -EIO;
	*ret_identity = identity;
	return 0;
}

static int
write_identity(const char *dir, const struct usm_identity *identity)
{
	char id[USM_ENGINE_TEXT];
	FILE *to = begin_replacing(dir, IDENTITY_FILE);

	if (!to)
		return -errno;
	fprintf(to, "%s %u\n", usm_engine_id_format(identity->id, identity->id_len, id),
	    identity->boots);
	int error = end_replacing(to, dir, IDENTITY_FILE, true);
	if (error != 0)
		return error;
	/* The new name has to be on disk as well. */
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	error = fsync(fd) == 0 ? 0 : -errno;
	close(fd);
	return error;
}

int
usm_store_begin(const char *dir, struct usm_identity *ret_identity, char *error, size_t error_size)
{
	struct usm_identity identity = { .id_len = 0 };
	int r = 0;

	if (!read_identity(dir, &identity))
		r = make_identity(&identity);
	identity.boots++;
	if (r == 0)
		r = write_identity(dir, &identity);
	if (r != 0) {
		snprintf(error, error_size,
		    "snmp: cannot keep the engine's boots in %s/" IDENTITY_FILE ": %s", dir,
		    strerror(-r));
		return -1;
	}
	*ret_identity = identity;
	return 0;
}

/* ---- whom we have heard ---- */

void
usm_store_read(const char *dir, struct usm_engines *engines)
{
	char path[PATH_MAX], *line = NULL;
	size_t size = 0, damaged = 0, n = 0;
	ssize_t len;

	if (path_of(dir, ENGINES_FILE, "", path) != 0)
		return;
	FILE *from = fopen(path, "re");
	if (!from) {
		if (errno != ENOENT)
			log_warning("snmp: %s: %s: the engines of switches are learnt anew", path,
			    strerror(errno));
		return;
	}
	while (n < USM_ENGINES_MAX && (len = getline(&line, &size, from)) > 0) {
		struct slice text = slice_trim((struct slice){ line, (size_t)len });
		bool taken = usm_engines_take_line(engines, text);
		n += taken;
		damaged += !taken;
	}
	free(line);
	fclose(from);
	if (damaged > 0)
		log_warning(
		    "snmp: %s: %zu lines name no engine, or one twice; left out", path, damaged);
	log_info("snmp: %zu SNMPv3 engines are known from before", n);
}

/* The one that is silent longest first: so they come in again in their order. */
int
usm_store_write(const char *dir, const struct usm_engines *engines)
{
	char line[USM_ENGINE_LINE_MAX];
	FILE *to = begin_replacing(dir, ENGINES_FILE);

	if (!to)
		return -errno;
	for (const struct usm_engine *engine = NULL;
	     (engine = usm_engines_previous(engines, engine));) {
		usm_engine_line(engine, line);
		fprintf(to, "%s\n", line);
	}
	return end_replacing(to, dir, ENGINES_FILE, false);
}
