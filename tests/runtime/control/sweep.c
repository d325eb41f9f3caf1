/* SPDX-License-Identifier: MIT */
/* Sockets of nodes that are gone. */
#include "tests/runtime/control/node.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

TestSuite(sweep, .init = node_begin, .fini = node_end, .timeout = 600);

/* Listens there in a child that has ended; the socket is open. */
static int listen_as_the_dead(const char *path, pid_t *ret_pid)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	siginfo_t end = { 0 };

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	*ret_pid = fork();
	if (*ret_pid == 0)
		_exit(listen(fd, 1) < 0);
	cr_assert_eq(waitid(P_PID, (id_t)*ret_pid, &end, WEXITED | WNOWAIT), 0);
	cr_assert_eq(end.si_status, 0);
	return fd;
}

/* The kernel may close the socket of a dead process some time later. */
Test(sweep, takes_the_open_sockets_of_dead_processes_and_no_others)
{
	struct program a, b;
	char dead[128], unreaped[128], living[128];
	pid_t first, second;
	int fds[2];

	node_start(&a, "a", NULL);
	snprintf(living, sizeof(living), "%s/a.sock", folder);
	snprintf(dead, sizeof(dead), "%s/dead.sock", folder);
	snprintf(unreaped, sizeof(unreaped), "%s/unreaped.sock", folder);
	fds[0] = listen_as_the_dead(dead, &first);
	cr_assert_eq(waitpid(first, NULL, 0), first);
	fds[1] = listen_as_the_dead(unreaped, &second);
	node_start(&b, "b", NULL);
	cr_assert_eq(access(living, F_OK), 0);
	cr_assert(access(dead, F_OK) < 0);
	cr_assert(access(unreaped, F_OK) < 0);
	cr_assert_eq(waitpid(second, NULL, 0), second);
	close(fds[0]);
	close(fds[1]);
	node_stop(&b, "b");
	node_stop(&a, "a");
}
