/* SPDX-License-Identifier: MIT */
/* The events of a virtual bus, in the order of their times. */
#include "tests/sim/post.h"

#include <stdlib.h>

static bool is_before(const struct post_event *a, const struct post_event *b)
{
	if (a->when_ns != b->when_ns)
		return a->when_ns < b->when_ns;
	return a->serial < b->serial;
}

static void swap(struct post_event *a, struct post_event *b)
{
	struct post_event c = *a;

	*a = *b;
	*b = c;
}

void post_push(struct post_net *net, struct post_event event)
{
	int at = net->queued++;

	if (net->queued > net->queue_space) {
		net->queue_space = net->queue_space ? 2 * net->queue_space : 64;
		net->queue = realloc(net->queue, (size_t)net->queue_space *
							 sizeof(*net->queue));
	}
	event.serial = net->serial++;
	net->queue[at] = event;
	while (at && is_before(&net->queue[at], &net->queue[(at - 1) / 2])) {
		swap(&net->queue[at], &net->queue[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
}

struct post_event post_pop(struct post_net *net)
{
	struct post_event first = net->queue[0];
	int at = 0, least;

	net->queue[0] = net->queue[--net->queued];
	for (;;) {
		least = 2 * at + 1;
		if (least >= net->queued)
			return first;
		if (least + 1 < net->queued &&
		    is_before(&net->queue[least + 1], &net->queue[least]))
			least++;
		if (!is_before(&net->queue[least], &net->queue[at]))
			return first;
		swap(&net->queue[at], &net->queue[least]);
		at = least;
	}
}
