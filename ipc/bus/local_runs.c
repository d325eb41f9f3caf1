/* SPDX-License-Identifier: MIT */
#include "ipc/bus/local_runs.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "ipc/runtime_dir.h"

#define SUFFIX ".mail"

#define BACKLOG 128

struct place {
	char name[24];
	struct sockaddr_un address;
};

static struct place place_of(int directory, uint32_t number)
{
	struct place place;

	snprintf(place.name, sizeof(place.name), "%u" SUFFIX, number);
	trp_runtime_dir_address(&place.address, directory, place.name);
	return place;
}

static int new_socket(void)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC,
			0);

	return fd < 0 ? -errno : fd;
}

int trp_local_runs_connect(int directory, uint32_t number)
{
	struct place place = place_of(directory, number);
	int fd = new_socket(), r;

	if (fd < 0 || connect(fd, (struct sockaddr *)&place.address,
			      sizeof(place.address)) == 0)
		return fd;
	r = -errno;
	close(fd);
	return r;
}

bool trp_local_runs_has(int directory, uint32_t number)
{
	struct place place = place_of(directory, number);
	struct stat status;

	return fstatat(directory, place.name, &status, 0) == 0;
}

void trp_local_runs_remove(int directory, uint32_t number)
{
	unlinkat(directory, place_of(directory, number).name, 0);
}

void trp_local_runs_sweep(int directory, uint32_t number)
{
	int fd = trp_local_runs_connect(directory, number);

	if (fd == -ECONNREFUSED)
		trp_local_runs_remove(directory, number);
	else if (fd >= 0)
		close(fd);
}

static int bind_to(const struct place *place, int fd)
{
	return bind(fd, (const struct sockaddr *)&place->address,
		    sizeof(place->address)) < 0
		       ? -errno
		       : 0;
}

/* The mode tells those that attend that it listens. */
static int listen_at(int directory, const struct place *place, int fd)
{
	int r;

	if (listen(fd, BACKLOG) == 0 &&
	    fchmodat(directory, place->name, 0600, 0) == 0)
		return 0;
	r = -errno;
	unlinkat(directory, place->name, 0);
	return r;
}

int trp_local_runs_listen(int directory, uint32_t number)
{
	struct place place = place_of(directory, number);
	int fd = new_socket(), r;

	if (fd < 0)
		return fd;
	r = bind_to(&place, fd);
	if (r == -EADDRINUSE) {
		trp_local_runs_sweep(directory, number);
		r = bind_to(&place, fd);
	}
	if (r == 0)
		r = listen_at(directory, &place, fd);
	if (r == 0)
		return fd;
	close(fd);
	return r == -EADDRINUSE ? -EEXIST : r;
}

/* 0: not the name of one. */
static uint32_t number_of(const char *name)
{
	size_t stem = trp_runtime_dir_stem(name, SUFFIX);
	unsigned long number;
	char *end;

	if (!stem || name[0] < '1' || name[0] > '9')
		return 0;
	number = strtoul(name, &end, 10);
	return end == name + stem && number <= UINT32_MAX ? (uint32_t)number
							  : 0;
}

void trp_local_runs_each(int directory, trp_local_runs_found *found, void *user)
{
	DIR *list = trp_runtime_dir_list(directory);
	struct dirent *entry;
	uint32_t number;

	if (!list)
		return;
	while ((entry = readdir(list))) {
		number = number_of(entry->d_name);
		if (number)
			found(user, number);
	}
	closedir(list);
}

int trp_local_runs_watch(int directory)
{
	int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC), r;
	char path[32];

	if (watch < 0)
		return -errno;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", directory);
	if (inotify_add_watch(watch, path,
			      IN_ATTRIB | IN_DELETE | IN_ONLYDIR) >= 0)
		return watch;
	r = -errno;
	close(watch);
	return r;
}

bool trp_local_runs_read(int watch, trp_local_runs_found *found,
			 trp_local_runs_found *left, void *user)
{
	enum { EVENT_MOST = sizeof(struct inotify_event) + NAME_MAX + 1 };
	_Alignas(struct inotify_event) char events[16 * EVENT_MOST];
	const struct inotify_event *event;
	ssize_t length = read(watch, events, sizeof(events));
	bool is_complete = true;
	uint32_t number;

	for (char *at = events; length > 0 && at < events + length;
	     at += sizeof(*event) + event->len) {
		event = (const struct inotify_event *)(void *)at;
		if (event->mask & IN_Q_OVERFLOW)
			is_complete = false;
		number = event->len ? number_of(event->name) : 0;
		if (number)
			(event->mask & IN_DELETE ? left : found)(user, number);
	}
	return is_complete;
}
