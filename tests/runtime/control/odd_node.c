/* SPDX-License-Identifier: MIT */
/* A socket of a node, behind which something answers as no node does. */
#include "tests/runtime/control/node.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include "runtime/control/control.pb-c.h"
#include "runtime/control/protocol.h"

TestSuite(odd_node, .init = node_begin, .fini = node_end, .timeout = 600);

static char path[100];

static int listen_there(void)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	cr_assert_eq(mkdir(folder, 0700), 0);
	snprintf(path, sizeof(path), "%s/x.sock", folder);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	cr_assert_eq(listen(fd, 8), 0);
	return fd;
}

/* Done, and nothing before it. */
static void answer_with_nothing(int fd)
{
	Troupe__Guest__Done done = TROUPE__GUEST__DONE__INIT;
	struct pollfd input = { fd, POLLIN, 0 };
	char bytes[4096];
	int client;

	cr_assert_eq(poll(&input, 1, PATIENCE_MS), 1);
	client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	input.fd = client;
	cr_assert_eq(poll(&input, 1, PATIENCE_MS), 1);
	cr_assert_gt(recv(client, bytes, sizeof(bytes), 0), 0);
	trp_protocol_pack(&done.base, bytes);
	cr_assert_eq(trp_protocol_send(client, bytes,
				       trp_protocol_size(&done.base), NULL, 0),
		     0);
	close(client);
}

Test(odd_node, that_tells_nothing_of_itself_is_one_without_an_application)
{
	int fd = listen_there();
	struct program ask;

	cr_assert_eq(program_troupe(&ask, "ask", "--node", "x", "doubler",
				    "Twice", NULL),
		     0);
	answer_with_nothing(fd);
	cr_expect_eq(program_finish(&ask, PATIENCE_MS), 1, "%s", ask.err);
	cr_expect(strstr(ask.err, "node x runs no application file"), "%s",
		  ask.err);
	program_fini(&ask);
	close(fd);
	unlink(path);
}
