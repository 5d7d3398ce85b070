#include "lib/pki.h"

#include <stdio.h>

#include "lib/process.h"

static void
shell(const char *folder, const char *command)
{
	char out[4096], line[2048];

	snprintf(line, sizeof(line), "cd %s && %s", folder, command);
	ck_assert_msg(
	    process_run(out, sizeof(out), ARGV("sh", "-c", line)) == 0, "%s:\n%s", command, out);
}

static void
make_authority(const char *folder, const char *name)
{
	char line[512];

	snprintf(line, sizeof(line),
	    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 "
	    "-subj '/CN=%s' -keyout %s.key -out %s.pem",
	    name, name, name);
	shell(folder, line);
}

void
pki_sign(const char *folder, const char *authority, const char *name, int days)
{
	char line[1024];

	snprintf(line, sizeof(line),
	    "openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj '/CN=%s' "
	    "-addext 'subjectAltName = IP:127.0.0.1, IP:::1' -keyout %s.key -out %s.csr && "
	    "openssl x509 -req -in %s.csr -CA %s.pem -CAkey %s.key -CAcreateserial -days %d "
	    "-copy_extensions copy -out %s.pem",
	    name, name, name, name, authority, authority, days, name);
	shell(folder, line);
}

void
pki_make(const char *folder)
{
	make_authority(folder, "ca");
	make_authority(folder, "other-ca");
	pki_sign(folder, "ca", "server", 30);
	pki_sign(folder, "ca", "client", 30);
	pki_sign(folder, "other-ca", "stranger", 30);
}

const char *
pki_path(const char *folder, const char *name)
{
	static char paths[8][256];
	static unsigned turn;
	char *path = paths[turn++ % 8];

	snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}
