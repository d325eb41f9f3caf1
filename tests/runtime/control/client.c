/* SPDX-License-Identifier: MIT */
/* A client makes something of each answer of a node. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/control/client.h"
#include "runtime/control/control.pb-c.h"
#include "runtime/control/protocol.h"
#include "serialize/type.h"

static struct trp_client client;
static int node;

static void begin(void)
{
	int ends[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
	client = (struct trp_client) { .fd = ends[0], .node = "far" };
	trp_scratch_init(&client.scratch, 0);
	client.mark = trp_scratch_mark(&client.scratch);
	node = ends[1];
}

static void end(void)
{
	trp_client_close(&client);
	close(node);
}

TestSuite(client, .init = begin, .fini = end);

static void answer(const ProtobufCMessage *message)
{
	size_t size = trp_protocol_size(message);
	char *bytes = malloc(size);

	cr_assert(bytes);
	trp_protocol_pack(message, bytes);
	cr_assert_eq(trp_protocol_send(node, bytes, size, NULL, 0), 0);
	free(bytes);
}

static void answer_nonsense(const ProtobufCMessageDescriptor *type)
{
	struct {
		uint64_t type;
		char body[8];
	} packet = { trp_type_of(type), "\xff\xff\xff\xff\xff\xff\xff" };

	cr_assert_eq(send(node, &packet, sizeof(packet), 0), sizeof(packet));
}

static const ProtobufCMessage *item;

static int next(void)
{
	item = NULL;
	return trp_client_next(&client, &troupe__guest__node__descriptor, 0,
			       &item);
}

Test(client, takes_items_up_to_the_end)
{
	Troupe__Guest__Node about = TROUPE__GUEST__NODE__INIT;
	Troupe__Guest__Done done = TROUPE__GUEST__DONE__INIT;

	about.pid = 4711;
	answer(&about.base);
	answer(&done.base);
	cr_assert_eq(next(), 1);
	cr_assert_eq(((const Troupe__Guest__Node *)item)->pid, 4711);
	cr_assert_eq(next(), 0);
}

Test(client, hands_on_why_a_request_has_failed)
{
	Troupe__Guest__Done done = TROUPE__GUEST__DONE__INIT;

	done.result = -EBUSY;
	done.text = (char *)"not now";
	answer(&done.base);
	cr_assert_eq(next(), -EBUSY);
	cr_assert_str_eq(client.why, "not now");
}

Test(client, says_that_what_it_cannot_read_is_another_version)
{
	const ProtobufCMessageDescriptor *const types[] = {
		&troupe__guest__done__descriptor,
		&troupe__guest__node__descriptor,
		&troupe__guest__hello__descriptor,
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		client.why[0] = '\0';
		answer_nonsense(types[i]);
		cr_expect_lt(next(), 0, "%s", types[i]->name);
		cr_expect_null(item);
		cr_expect_str_eq(client.why, "node far speaks another version");
	}
}

Test(client, says_that_the_node_has_ended)
{
	shutdown(node, SHUT_RDWR);
	cr_assert_eq(next(), -ECONNRESET);
	cr_assert_str_eq(client.why, "node far has ended");
}
