/* SPDX-License-Identifier: MIT */
#include "runtime/service/notify_socket.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* "/path" or "@abstract"; others, as of a virtual machine, are not served. */
static int address_of(struct sockaddr_un *ret_address, socklen_t *ret_size)
{
	const char *path = getenv("NOTIFY_SOCKET");
	size_t size = path ? strlen(path) : 0;

	*ret_address = (struct sockaddr_un) { .sun_family = AF_UNIX };
	if (size < 2)
		return -ENOENT;
	if ((path[0] != '/' && path[0] != '@') ||
	    size >= sizeof(ret_address->sun_path))
		return -EAFNOSUPPORT;
	memcpy(ret_address->sun_path, path, size);
	if (path[0] == '@')
		ret_address->sun_path[0] = '\0';
	*ret_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size +
				(path[0] == '/'));
	return 0;
}

bool trp_notify_socket_is_there(void)
{
	struct sockaddr_un address;
	socklen_t size;

	return address_of(&address, &size) != -ENOENT;
}

int trp_notify_socket_tell(const char *format, ...)
{
	struct sockaddr_un address;
	va_list arguments;
	socklen_t size;
	char text[512];
	int length, fd, r = address_of(&address, &size);

	if (r < 0)
		return r;
	va_start(arguments, format);
	length = vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (length < 0 || (size_t)length >= sizeof(text))
		return -EMSGSIZE;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (sendto(fd, text, (size_t)length, MSG_NOSIGNAL,
		   (const struct sockaddr *)&address, size) < 0)
		r = -errno;
	close(fd);
	return r;
}

/* A number of the environment; 0: there is none. */
static long long number_of(const char *variable)
{
	const char *text = getenv(variable);
	char *end;
	long long number;

	errno = 0;
	number = text ? strtoll(text, &end, 10) : 0;
	return text && !errno && end != text && !*end && number > 0 ? number
								    : 0;
}

int64_t trp_notify_socket_watchdog_ms(void)
{
	long long pid = number_of("WATCHDOG_PID");

	if (pid && pid != getpid())
		return 0;
	return number_of("WATCHDOG_USEC") / 1000;
}
