/* SPDX-License-Identifier: MIT */
/*
 * porter.so [SOCKET]: says on NOTIFY_SOCKET that it is set up, then waits; says
 * "reloaded" at SIGHUP; greets each connection to SOCKET, "systemd:door".
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <troupe.h>
#include <troupe_io.h>
#include <unistd.h>

static int reloaded(struct troupe_signal *signal,
		    const struct signalfd_siginfo *info)
{
	puts("reloaded");
	return fflush(stdout);
}

static int accepted(struct troupe_listener *listener, int fd)
{
	if (fd < 0)
		return fd;
	if (write(fd, "welcome\n", 8) != 8)
		return -EIO;
	return close(fd);
}

static struct troupe_signal hangup = { .number = SIGHUP, .received = reloaded };
static struct troupe_listener door = { .accepted = accepted };

static void say_set_up(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *path = getenv("NOTIFY_SOCKET");
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	if (!path || strlen(path) >= sizeof(address.sun_path))
		return;
	strcpy(address.sun_path, path);
	/* A moment, in which a wrong supervisor would call it ready. */
	poll(NULL, 0, 300);
	sendto(fd, "SETUP=1", 7, 0, (const struct sockaddr *)&address,
	       sizeof(address));
	close(fd);
}

int troupe_main(int argc, char **argv)
{
	struct troupe_message message;
	int r = troupe_signal_start(&hangup);

	if (r == 0 && argc > 1)
		r = troupe_listener_open(&door, argv[1]);
	say_set_up();
	printf("ready %d\n", r);
	fflush(stdout);
	return r < 0 ? r : troupe_receive(NULL, 0, TROUPE_NEVER, &message);
}
