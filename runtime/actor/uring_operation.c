/* SPDX-License-Identifier: MIT */
/* Operations of io_uring as sources of events. */
#include <errno.h>
#include "runtime/actor/input.h"
#include "runtime/troupe_io.h"

static const struct trp_input *running; /* its result has been told */

static void prepare(struct trp_watch *watch, struct io_uring_sqe *entry)
{
	const struct trp_input *source = watch->data;
	struct troupe_operation *operation = source->owner;

	operation->prepare(operation, entry);
}

static int run(const struct trp_input *source, void *owner)
{
	struct troupe_operation *operation = owner;
	int r;

	running = source;
	r = operation->done(operation, source->watch.result);
	running = NULL;
	return r;
}

int troupe_operation_start(struct troupe_operation *operation)
{
	struct trp_input source = { .watch = { .fd = -1, .prepare = prepare },
				    .owner = operation,
				    .link = &operation->private_source,
				    .run = run,
				    .left = operation->count };

	if (!operation->prepare || !operation->done)
		return -EINVAL;
	if (operation->private_source)
		return -EALREADY;
	return trp_input_add(&source);
}

int troupe_operation_cancel(struct troupe_operation *operation)
{
	struct trp_input *source = operation->private_source;
	bool is_told = source == running;
	int result = trp_input_remove(source);

	return source && !is_told ? result : -ENOENT;
}
