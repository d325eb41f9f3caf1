/* SPDX-License-Identifier: MIT */
/* aplay, line by line: see troupe-coming-from(7). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <troupe.h>
#include <troupe_ask.h>
#include <troupe_state.h>
#include <troupe_supervise.h>
#include <troupe_tree.h>
#include "from_aplay.pb-c.h"

/* ---- class Worker(Actor) ------------------------------------------------- */

static int worker_job(const struct troupe_message *message)
{
	const Aplay__Job *job = message->body;

	return job->number == 0 ? -EDOM : 0;
}

static void worker_task_callback(const struct troupe_message *message,
				 int result)
{
	const Aplay__Job *job = message->body;
	Aplay__Done done = APLAY__DONE__INIT;

	done.number = result < 0 ? result : 100 / job->number;
	troupe_send(message->sender, &done.base);
}

/* Not by mail when it was stopped by hand. */
static bool worker_decides(enum troupe_start why, const void *arguments)
{
	return why != TROUPE_START_MAIL;
}

static const struct troupe_handler worker_handlers[] = {
	{ &aplay__job__descriptor, worker_job },
	{ 0 },
};
static const struct troupe_class worker = {
	.name = "worker",
	.handlers = worker_handlers,
	.completed = worker_task_callback,
	.keeps_going = true,
	.at_once = 50,
	.decide_to_start = worker_decides,
	.mailbox_limit = 1 << 20,
};
static const struct troupe_child_spec workers[] = {
	{ .id = "hand", .klass = &worker },
	{ 0 },
};
static const struct troupe_supervisor by_hand = { .children = workers };
static const struct troupe_class shop = {
	.name = "shop",
	.supervises = &by_hand,
};

/* ---- the program --------------------------------------------------------- */

static int send_job(troupe_ref ref, int number)
{
	const struct troupe_pattern a_done = {
		.type = &aplay__done__descriptor
	};
	Aplay__Job job = APLAY__JOB__INIT;
	struct troupe_message message;
	int r;

	job.number = number;
	r = troupe_send(ref, &job.base);
	if (r == 0)
		r = troupe_receive(&a_done, 1, TROUPE_NEVER, &message);
	if (r < 0)
		return r;
	printf("%d, hop %u of its flow\n",
	       ((const Aplay__Done *)message.body)->number, message.hop);
	return 0;
}

static int ask_job(troupe_ref ref, int number)
{
	Aplay__Job job = APLAY__JOB__INIT;
	struct troupe_message done;
	int r;

	job.number = number;
	r = troupe_ask(ref, &job.base, troupe_in_ms(5000), &done);
	if (r == 0 && done.flow)
		printf("%d\n", ((const Aplay__Done *)done.body)->number);
	return r;
}

static int tree(void)
{
	char address[TROUPE_ADDRESS_SIZE];
	struct troupe_state state;
	troupe_ref ref, found;
	int r;

	r = troupe_spawn_child("a", &worker, NULL, &ref);
	if (r == 0 && troupe_spawn_child("a", &worker, NULL, &found) == -EEXIST)
		puts("a is there already");
	if (r == 0)
		r = troupe_lookup("a", &found);
	if (r == 0)
		r = troupe_address(found, address, sizeof(address));
	if (r == 0)
		puts(address);
	if (r == 0)
		r = troupe_lookup("/a", &found);
	if (r == 0)
		r = send_job(found, 5);
	if (r == 0)
		r = send_job(found, 0);
	if (r == 0)
		r = troupe_state_of(found, &state);
	if (r == 0 && state.parent != troupe_self())
		return -EPROTO;
	return r < 0 ? r : ask_job(found, 10);
}

/* Stopped by hand it keeps its mail, and handles it when it is started. */
static int stop_and_start(void)
{
	troupe_ref ref, hand;
	int r;

	r = troupe_spawn_child("shop", &shop, NULL, &ref);
	while (r == 0 && troupe_lookup("shop/hand", &hand) == -ENOENT)
		; /* until it has begun */
	if (r == 0)
		r = troupe_child_stop(ref, "hand");
	if (r == 0)
		r = troupe_child_start(ref, "hand");
	if (r == -EBUSY) /* it is being stopped */
		r = troupe_child_restart(ref, "hand");
	return r < 0 ? r : send_job(hand, 50);
}

int troupe_main(int argc, char **argv)
{
	int r = tree();

	return r < 0 ? r : stop_and_start();
}
