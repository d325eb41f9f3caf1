/* SPDX-License-Identifier: MIT */
#include "tests/bench/servers.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

/* Without a file of its own mosquitto listens on loopback alone. */
static void become_broker(const char *program, int port)
{
	bool is_nats = strcmp(program, "nats-server") == 0;
	const char *address = is_nats ? "-a" : NULL;
	char number[16], path[64];
	int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(nowhere, STDOUT_FILENO);
	dup2(nowhere, STDERR_FILENO);
	snprintf(number, sizeof(number), "%d", port);
	snprintf(path, sizeof(path), "/usr/sbin/%s", program);
	execlp(program, program, "-p", number, address, "127.0.0.1", NULL);
	execl(path, program, "-p", number, address, "127.0.0.1", NULL);
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

int servers_start_broker(const char *program, pid_t *ret_pid, int *ret_port)
{
	int port = servers_free_port(), r;
	pid_t pid = fork();

	if (pid == 0)
		become_broker(program, port);
	r = pid < 0 ? -errno : await_listener(pid, port);
	if (r < 0) {
		bench_fail("%s cannot be started at port %d", program, port);
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
