/* SPDX-License-Identifier: MIT */
/*
 * around: a ring of forwarders, and its result.
 *
 * The builder makes the ring, sends a text around it, and ends with what comes
 * back.  The root waits for that.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <troupe.h>
#include <troupe_result.h>
#include "around.pb-c.h"

enum { NODES = 10000, MOST = 1000000 };

static int forward(const void *arguments)
{
	const Around__Next *next = arguments;
	struct troupe_message message;
	int r = troupe_receive(NULL, 0, TROUPE_NEVER, &message);

	return r < 0 ? r : troupe_send(next->address, message.body);
}

static int build(const void *arguments)
{
	const Around__Size *size = arguments;
	Around__Next next = AROUND__NEXT__INIT;
	Around__Text text = AROUND__TEXT__INIT;
	struct troupe_message message;
	int r = 0;

	next.address = troupe_self();
	for (uint32_t i = 0; i < size->nodes && r == 0; i++)
		r = troupe_spawn_function(forward, &next.base, &next.address);
	text.text = "around the ring we go";
	if (r == 0)
		r = troupe_send(next.address, &text.base);
	if (r == 0)
		r = troupe_receive(NULL, 0, TROUPE_NEVER, &message);
	return r < 0 ? r : troupe_end_with(0, NULL, message.body);
}

int troupe_main(int argc, char **argv)
{
	Around__Size size = AROUND__SIZE__INIT;
	char text[TROUPE_TEXT_SIZE];
	struct troupe_end end;
	troupe_ref address;
	int r;

	size.nodes = argc > 1 ? (uint32_t)atoi(argv[1]) : NODES;
	if (argc > 2 || size.nodes < 1 || size.nodes > MOST) {
		fprintf(stderr,
			"around: usage: around.so [N], N from 1 to %d\n", MOST);
		return -EINVAL;
	}
	r = troupe_spawn_function(build, &size.base, &address);
	if (r == 0)
		r = troupe_wait(address, TROUPE_NEVER, &end);
	if (r == 0 && end.message)
		puts(((const Around__Text *)end.message->body)->text);
	else if (r == 0)
		puts(troupe_reason_text(&end.reason, text, sizeof(text)));
	return r;
}
