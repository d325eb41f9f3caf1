/* SPDX-License-Identifier: MIT */
#include "tests/bench/servers.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tests/bench/bench.h"

static struct sockaddr_in loopback(int port)
{
	return (struct sockaddr_in) {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

int servers_free_port(void)
{
	struct sockaddr_in address = loopback(0);
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), port = -1;

	if (bind(fd, (struct sockaddr *)&address, size) == 0 &&
	    getsockname(fd, (struct sockaddr *)&address, &size) == 0)
		port = ntohs(address.sin_port);
	close(fd);
	return port;
}

/* Without a file of its own it listens on loopback alone. */
static void become_broker(int port)
{
	char number[16];
	int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(nowhere, STDOUT_FILENO);
	dup2(nowhere, STDERR_FILENO);
	snprintf(number, sizeof(number), "%d", port);
	execlp("mosquitto", "mosquitto", "-p", number, NULL);
	execl("/usr/sbin/mosquitto", "mosquitto", "-p", number, NULL);
	_exit(127);
}

/* 0, or a negative errno: it has ended. */
static int await_listener(pid_t pid, int port)
{
	struct sockaddr_in address = loopback(port);
	int fd, r;

	do {
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		r = fd < 0 ? -errno
		    : connect(fd, (struct sockaddr *)&address,
			      sizeof(address)) < 0
			    ? -errno
			    : 0;
		if (fd >= 0)
			close(fd);
		if (r != -ECONNREFUSED)
			return r;
		usleep(1000);
	} while (waitpid(pid, NULL, WNOHANG) == 0);
	return -ECHILD;
}

int servers_start_broker(pid_t *ret_pid, int *ret_port)
{
	int port = servers_free_port(), r;
	pid_t pid = fork();

	if (pid == 0)
		become_broker(port);
	r = pid < 0 ? -errno : await_listener(pid, port);
	if (r < 0) {
		bench_fail("mosquitto cannot be started at port %d", port);
		return r;
	}
	*ret_pid = pid;
	*ret_port = port;
	return 0;
}

void servers_stop_broker(pid_t pid)
{
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
}
