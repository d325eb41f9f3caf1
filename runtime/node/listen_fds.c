/* SPDX-License-Identifier: MIT */
#include "runtime/node/listen_fds.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FIRST = 3, MOST = 1024 };

static long number_of(const char *variable)
{
	const char *text = getenv(variable);
	char *end;
	long number = text ? strtol(text, &end, 10) : 0;

	return text && end != text && !*end ? number : 0;
}

static int count_for(pid_t pid)
{
	long count = number_of("LISTEN_FDS");

	return number_of("LISTEN_PID") == pid && count > 0 && count <= MOST
		       ? (int)count
		       : 0;
}

void trp_listen_fds_begin(void)
{
	int count = count_for(getpid());

	for (int fd = FIRST; fd < FIRST + count; fd++)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/* The names are separated by colons. */
static bool has_name(int index, const char *name)
{
	const char *names = getenv("LISTEN_FDNAMES");
	size_t size = strlen(name);

	for (; names && index > 0; index--) {
		names = strchr(names, ':');
		names = names ? names + 1 : NULL;
	}
	return names && strncmp(names, name, size) == 0 &&
	       (!names[size] || names[size] == ':');
}

int trp_listen_fds_find(const char *name, pid_t node)
{
	int count = count_for(node);

	for (int i = 0; i < count; i++)
		if (!*name || has_name(i, name))
			return FIRST + i;
	return -ENOENT;
}
