/* SPDX-License-Identifier: MIT */
#include "runtime/actor/await.h"

#include <errno.h>
#include <stdlib.h>
#include "ipc/mailbox_receive.h"
#include "runtime/actor/call.h"
#include "runtime/actor/deadlock.h"
#include "runtime/actor/loop.h"
#include "runtime/actor/take.h"
#include "runtime/actor/target_watch.h"
#include "runtime/node/trace.h"
#include "runtime/node/watch.h"

/* Ends of targets that were told while we wait: no callback, so at once. */
static void take_ended_targets(void)
{
	struct trp_exit_notice **link = &trp_self.exits.first;
	struct trp_exit_notice *notice;

	for (notice = *link; notice; notice = *link) {
		if (trp_watch_kind(notice->watch) != TRP_WATCH_TARGET) {
			link = &notice->next;
			continue;
		}
		trp_exit_queue_take(&trp_self.exits, notice->watch, 0);
		/* An answer counts before the death of who sent it. */
		while (trp_take(TRP_TAKE_REPLY) == TRP_STEP_DONE)
			;
		trp_target_watch_ended(&notice->end);
		free(notice);
		link = &trp_self.exits.first;
	}
}

/* Takes an answer, or sleeps for one unless that would never end. */
static int block(const struct troupe_proxy *first, size_t count)
{
	const unsigned take = TRP_TAKE_CONTROL | TRP_TAKE_REPLY;
	const struct troupe_proxy *sole;
	char path[TROUPE_TEXT_SIZE];
	int r = trp_take(take);

	if (r != 0)
		return r < 0 ? r : 0;
	if (!trp_mailbox_receive_is_empty(&trp_self.mailbox, take))
		return 0;
	sole = trp_call_sole(first, count);
	if (sole &&
	    trp_deadlock_begin(sole->target, sole->private_since, path)) {
		trp_call_fail(first, count, -EDEADLK, path);
		return 0;
	}
	r = trp_loop_sleep(take, TROUPE_NEVER);
	if (sole)
		trp_deadlock_end();
	if (r == 0)
		trp_call_expire(troupe_now());
	return r;
}

int trp_await(const struct troupe_proxy *first, size_t count,
	      const unsigned *pending)
{
	int64_t begin = *pending ? trp_trace_begin() : 0;
	int r = 0;

	while (*pending && r == 0) {
		r = trp_self.is_stopping ? -ECANCELED : block(first, count);
		if (r == 0)
			take_ended_targets();
	}
	trp_trace_span("wait", "await", begin);
	return r;
}

int troupe_await(struct troupe_proxy *proxy)
{
	int r = trp_await(proxy, 1, &proxy->pending);

	if (r < 0)
		return r;
	r = proxy->private_failure;
	proxy->private_failure = 0;
	return r;
}
