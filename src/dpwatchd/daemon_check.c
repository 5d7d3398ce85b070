/*
 * dpwatchd -t looks at the folders that the daemon will write in, because a daemon that cannot is found out at the worst moment.
 * As root it answers for itself, and warns where the user of the systemd service could not.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon.h"

/* conf/systemd/dpwatchd.service */
#define SERVICE_USER "dpwatch"

/* The folder that a path is in: "." for a name alone. Cut to the room. */
static const char *
folder_of(const char *path, char *buf, size_t size)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return ".";
	slice_copy((struct slice){ path, slash == path ? 1 : (size_t)(slash - path) }, buf, size);
	return buf;
}

static bool
is_in_group(const struct passwd *user, gid_t group)
{
	gid_t groups[64];
	int n = sizeof(groups) / sizeof(groups[0]);

	if (getgrouplist(user->pw_name, user->pw_gid, groups, &n) < 0)
		return user->pw_gid == group;
	for (int i = 0; i < n; i++)
		if (groups[i] == group)
			return true;
	return false;
}

static bool
user_may_write(const struct passwd *user, const struct stat *folder)
{
	const mode_t need = S_IWOTH | S_IXOTH;
	const int shift = folder->st_uid == user->pw_uid      ? 6
			  : is_in_group(user, folder->st_gid) ? 3
							      : 0;

	return (folder->st_mode >> shift & need) == need;
}

/* The user of the service, where we are root and there is one; else NULL. */
static const struct passwd *
service_user(void)
{
	return geteuid() == 0 ? getpwnam(SERVICE_USER) : NULL;
}

static bool
may_write(const char *path)
{
	return faccessat(AT_FDCWD, path, W_OK | X_OK, AT_EACCESS) == 0;
}

/* It is made at the start, if the folder above it is there. */
static bool
check_missing_state_dir(const char *path)
{
	char above[4096];
	const char *folder = folder_of(path, above, sizeof(above));

	if (may_write(folder))
		return true;
	log_error(
	    "[daemon] state_dir %s is not there, and cannot be made in %s: %s; make it (install -d -o USER %s), USER being who runs dpwatchd",
	    path, folder, strerror(errno), path);
	return false;
}

static bool
check_state_dir(const char *path)
{
	const struct passwd *user = service_user();
	struct stat folder;

	if (stat(path, &folder) != 0 && errno == ENOENT)
		return check_missing_state_dir(path);
	if (stat(path, &folder) != 0 || !S_ISDIR(folder.st_mode)) {
		log_error("[daemon] state_dir %s: %s; name a folder that is for dpwatchd alone",
		    path, S_ISDIR(folder.st_mode) ? strerror(errno) : "no folder");
		return false;
	}
	if (!may_write(path)) {
		log_error(
		    "[daemon] state_dir %s: %s; give it to the user who runs dpwatchd (chown), or run this as that user",
		    path, strerror(errno));
		return false;
	}
	if (user && !user_may_write(user, &folder))
		log_warning(
		    "[daemon] state_dir %s: the user %s, as whom the systemd service runs, cannot write there: chown -R %s %s",
		    path, user->pw_name, user->pw_name, path);
	return true;
}

/* The file need not exist, but `token add` has to be able to make it, and replaces it each time. */
static void
check_token_dir(const char *path)
{
	const struct passwd *user = service_user();
	struct stat folder;
	char buf[4096];
	const char *dir = folder_of(path, buf, sizeof(buf));

	if (stat(dir, &folder) != 0)
		log_warning(
		    "[api] token_file %s: %s: %s; token add will fail until the folder is there",
		    path, dir, strerror(errno));
	else if (!may_write(dir) || (user && !user_may_write(user, &folder)))
		log_warning(
		    "[api] token_file %s: %s cannot write in %s, so token add and token remove will fail; put the file into a folder of its own",
		    path, user ? user->pw_name : "this user", dir);
}

bool
daemon_check_folders(const struct config *config)
{
	if (config->api.token_file)
		check_token_dir(config->api.token_file);
	return check_state_dir(config->daemon.state_dir);
}
