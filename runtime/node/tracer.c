/* SPDX-License-Identifier: MIT */
#include "runtime/node/tracer.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The value of a line of /proc/PID/status; 0: there is none. */
static char value_of(pid_t pid, const char *name)
{
	char path[32], text[1024];
	const char *at;
	ssize_t length;
	int file;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return 0;
	length = read(file, text, sizeof(text) - 1);
	close(file);
	text[length > 0 ? length : 0] = '\0';
	at = strstr(text, name);
	return at ? at[strlen(name)] : '\0';
}

bool trp_tracer_is_there(pid_t pid)
{
	char first = value_of(pid, "\nTracerPid:\t");

	return first && first != '0';
}

bool trp_tracer_holds(pid_t pid)
{
	return value_of(pid, "\nState:\t") == 't';
}
