/* SPDX-License-Identifier: MIT */
/* Sources of events in general, and those that are descriptors. */
#include "runtime/actor/input.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include "ipc/hot.h"
#include "runtime/actor/self.h"
#include "runtime/node/trace.h"

static TRP_HOT struct trp_input *first; /* of those that are ready */
static TRP_HOT struct trp_input **last = &first;
static TRP_HOT uint32_t owned; /* inputs */

static void push(struct trp_input *source)
{
	assert(!source->is_queued);
	source->is_queued = true;
	source->next = NULL;
	*last = source;
	last = &source->next;
}

void trp_input_check(void)
{
	struct trp_input *const *link = &first;

	for (; *link; link = &(*link)->next) {
		assert((*link)->is_queued && !(*link)->watch.serial);
	}
	assert(last == link);
}

static struct trp_input *pop(void)
{
	struct trp_input *source = first;

	if (!source)
		return NULL;
	first = source->next;
	if (!first)
		last = &first;
	return source;
}

static void on_ready(struct trp_watch *watch, uint32_t events)
{
	struct trp_input *source = watch->data;

	trp_wait_remove(&trp_self.wait, watch);
	source->events = events;
	if (events & POLLNVAL)
		source->left = 1; /* it was closed: there will be no other */
	push(source);
}

static int set_watch(struct trp_input *source)
{
	if (source->wanted)
		source->watch.events = (uint16_t)*source->wanted;
	return trp_wait_add(&trp_self.wait, &source->watch);
}

int trp_input_add(const struct trp_input *template)
{
	struct trp_input *source;
	int r;

	if (!trp_self.ref)
		return -ESHUTDOWN;
	source = malloc(sizeof(*source));
	if (!source)
		return -ENOMEM;
	*source = *template;
	source->watch.ready = on_ready;
	source->watch.data = source;
	r = set_watch(source);
	if (r < 0) {
		free(source);
		return r;
	}
	assert(source->owner && source->run && !source->is_queued);
	owned++;
	*source->link = source;
	return 0;
}

static void disown(struct trp_input *source)
{
	assert(source->owner);
	*source->link = NULL;
	source->owner = NULL;
	owned--;
}

bool trp_input_is_any(void)
{
	return owned > 0;
}

int trp_input_remove(struct trp_input *source)
{
	int result;

	if (!source)
		return 0;
	disown(source);
	if (!source->is_queued)
		trp_wait_remove(&trp_self.wait, &source->watch);
	result = source->watch.result;
	if (!source->is_queued)
		free(source); /* else in its turn */
	return result;
}

/* The last of a bounded number, or an operation that failed. */
static bool is_last_run(struct trp_input *source)
{
	if (source->left > 0 && --source->left == 0)
		return true;
	return source->watch.prepare && source->watch.result < 0;
}

/* A watch that cannot be set again is the last event. */
static void rearm(struct trp_input *source)
{
	int r;

	source->is_queued = false;
	if (!source->owner) {
		free(source);
		return;
	}
	r = set_watch(source);
	if (r == 0)
		return;
	source->left = 1;
	source->watch.result = r;
	source->events = POLLNVAL;
	push(source);
}

int trp_input_turn(void)
{
	struct trp_input *source = pop();
	int64_t begin;
	void *owner;
	int r;

	if (!source)
		return TRP_STEP_IDLE;
	owner = source->owner;
	if (!owner) {
		free(source);
		return TRP_STEP_DONE;
	}
	if (is_last_run(source))
		disown(source);
	/* While the handler runs it counts as queued: this function frees
	 * it. */
	begin = trp_trace_begin();
	trp_self_begin(TROUPE_DOING_INPUT);
	r = source->run(source, owner);
	trp_self_end();
	trp_trace_span("callback", "input", begin);
	rearm(source);
	return trp_self_result(r);
}

/* ---- descriptors --------------------------------------------------------- */

static int run_input(const struct trp_input *source, void *owner)
{
	struct troupe_input *input = owner;

	return input->ready(input, (short)source->events);
}

int troupe_input_add(struct troupe_input *input)
{
	struct trp_input source = { .watch = { .fd = input->fd },
				    .owner = input,
				    .link = &input->private_source,
				    .run = run_input,
				    .wanted = &input->events,
				    .left = input->count };

	if (input->fd < 0 || !input->ready)
		return -EINVAL;
	if (input->private_source)
		return -EALREADY;
	return trp_input_add(&source);
}

void troupe_input_remove(struct troupe_input *input)
{
	trp_input_remove(input->private_source);
}
