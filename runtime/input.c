/* SPDX-License-Identifier: MIT */
/*
 * Descriptors as sources of events.  A watch that is ready is taken off at
 * once and queued; its handler runs in its turn, between messages, and the
 * watch is set again only when the handler has returned.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include "runtime/actor.h"
#include "runtime/trace.h"

struct source {
	struct trp_watch watch;
	struct troupe_input *input; /* NULL: removed, to be freed */
	struct source *next;	    /* of those that are ready */
	uint32_t events;
	bool is_queued;
};

static struct source *first;
static struct source **last = &first;

static void on_ready(struct trp_watch *watch, uint32_t events)
{
	struct source *source = watch->data;

	trp_wait_remove(&trp_actor.wait, watch);
	source->events = events;
	source->is_queued = true;
	source->next = NULL;
	*last = source;
	last = &source->next;
}

static struct source *pop(void)
{
	struct source *source = first;

	if (!source)
		return NULL;
	first = source->next;
	if (!first)
		last = &first;
	source->is_queued = false;
	return source;
}

int troupe_input_add(struct troupe_input *input)
{
	struct source *source;
	int r;

	if (input->fd < 0 || !input->ready)
		return -EINVAL;
	source = calloc(1, sizeof(*source));
	if (!source)
		return -ENOMEM;
	source->input = input;
	source->watch = (struct trp_watch) { .fd = input->fd,
					     .events = (uint16_t)input->events,
					     .ready = on_ready,
					     .data = source };
	r = trp_wait_add(&trp_actor.wait, &source->watch);
	if (r < 0) {
		free(source);
		return r;
	}
	input->private_watch = source;
	return 0;
}

void troupe_input_remove(struct troupe_input *input)
{
	struct source *source = input->private_watch;

	if (!source)
		return;
	input->private_watch = NULL;
	source->input = NULL;
	if (source->is_queued)
		return; /* freed in its turn */
	trp_wait_remove(&trp_actor.wait, &source->watch);
	free(source);
}

int trp_input_turn(void)
{
	struct source *source = pop();
	struct troupe_input *input;
	int64_t begin;
	int r;

	if (!source)
		return 0;
	input = source->input;
	if (!input) {
		free(source);
		return 1;
	}
	/* While the handler runs the source is ours to free, as if queued. */
	source->is_queued = true;
	begin = trp_trace_begin();
	trp_actor.is_busy = true;
	r = input->ready(input, (short)source->events);
	trp_actor.is_busy = false;
	trp_trace_span("callback", "input", begin);
	source->is_queued = false;
	if (!source->input)
		free(source);
	else if (trp_wait_add(&trp_actor.wait, &source->watch) < 0)
		return -EIO;
	return trp_actor_result(r);
}
