/* SPDX-License-Identifier: MIT */
#include "ipc/runtime_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

int trp_runtime_dir_find(char *path, size_t size)
{
	const char *run = getenv("XDG_RUNTIME_DIR");
	unsigned int user = (unsigned int)geteuid();
	char home[32];
	int length;

	snprintf(home, sizeof(home), "/run/user/%u", user);
	if (!run || *run != '/')
		run = access(home, W_OK) == 0 ? home : NULL;
	if (run)
		length = snprintf(path, size, "%s/troupe", run);
	else
		length = snprintf(path, size, "/tmp/troupe-%u", user);
	return (size_t)length < size ? 0 : -ENAMETOOLONG;
}

bool trp_runtime_dir_next(char *path, size_t size)
{
	unsigned int user;
	int length = 0;

	sscanf(path, "/run/user/%u/troupe%n", &user, &length);
	if (!length || path[length])
		return false;
	return (size_t)snprintf(path, size, "/tmp/troupe-%u", user) < size;
}

/* One in /tmp, where anyone makes folders, is of the user that it names. */
static bool is_of_another(const char *path, uid_t owner)
{
	unsigned int user;

	return sscanf(path, "/tmp/troupe-%u", &user) == 1 && user != owner;
}

static int check(int fd, const char *path, bool is_any)
{
	struct stat about;

	if (fstat(fd, &about) < 0)
		return -errno;
	if ((about.st_mode & 0077) || is_of_another(path, about.st_uid) ||
	    (about.st_uid != geteuid() && !(is_any && geteuid() == 0)))
		return -EPERM;
	return 0;
}

static int open_checked(const char *path, bool is_any)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int r;

	if (fd < 0)
		return -errno;
	r = check(fd, path, is_any);
	if (r < 0) {
		close(fd);
		return r;
	}
	return fd;
}

int trp_runtime_dir_open(const char *path)
{
	return open_checked(path, false);
}

int trp_runtime_dir_open_any(const char *path)
{
	return open_checked(path, true);
}

static int make(const char *path)
{
	return mkdir(path, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

int trp_runtime_dir_make(const char *path)
{
	char parent[PATH_MAX];
	char *slash;
	int fd, r;

	if ((size_t)snprintf(parent, sizeof(parent), "%s", path) >=
	    sizeof(parent))
		return -ENAMETOOLONG;
	slash = strrchr(parent, '/');
	/* An existing one may belong to another user; only ours counts. */
	if (slash && slash != parent) {
		*slash = '\0';
		if (access(parent, F_OK) < 0) {
			r = make(parent);
			fd = r < 0 ? r : trp_runtime_dir_open(parent);
			if (fd < 0)
				return fd;
			close(fd);
		}
	}
	r = make(path);
	return r < 0 ? r : trp_runtime_dir_open(path);
}

void trp_runtime_dir_address(struct sockaddr_un *ret_address, int directory,
			     const char *name)
{
	*ret_address = (struct sockaddr_un) { .sun_family = AF_UNIX };
	snprintf(ret_address->sun_path, sizeof(ret_address->sun_path),
		 "/proc/self/fd/%d/%.*s", directory, 70, name);
}

/* By a descriptor of its own, so that each begins at the first entry. */
DIR *trp_runtime_dir_list(int directory)
{
	int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = fd < 0 ? NULL : fdopendir(fd);

	if (!list && fd >= 0)
		close(fd);
	return list;
}

size_t trp_runtime_dir_stem(const char *name, const char *suffix)
{
	size_t length = strlen(name), end = strlen(suffix);

	return length > end && strcmp(name + length - end, suffix) == 0
		       ? length - end
		       : 0;
}
