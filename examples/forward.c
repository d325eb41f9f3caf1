/* SPDX-License-Identifier: MIT */
/*
 * forward: a question is forwarded to the actor that it is for, which answers
 * the original caller.
 *
 *	root --ask--> floor 0 --forward--> floor 1 --forward--> floor 2
 *	  ^-------------------------answer-------------------------'
 *
 * A floor that has forwarded a question keeps nothing of it, and may end.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <troupe.h>
#include "forward.pb-c.h"

enum { FLOORS = 4 };

/* ---- a floor ------------------------------------------------------------- */

static Forward__Place place;

static int floor_init(const void *arguments)
{
	place = *(const Forward__Place *)arguments;
	return 0;
}

static void floor_ask(Forward__Floor_Service *service,
		      const Forward__Question *question,
		      Forward__Answer_Closure reply, void *call)
{
	Forward__Answer answer = FORWARD__ANSWER__INIT;
	int r;

	if (question->floor == place.floor) {
		answer.floor = place.floor;
		answer.pid = getpid();
		reply(&answer, call);
		return;
	}
	r = place.above ? troupe_forward(call, place.above) : -ENOENT;
	if (r < 0)
		troupe_fail(call, r, "there is no such floor");
}

static const Forward__Floor_Service floor_methods =
	FORWARD__FLOOR__INIT(floor_);

static const struct troupe_class floor_class = {
	.name = "floor",
	.init = floor_init,
	.service = &floor_methods.base,
};

/* ---- the root ------------------------------------------------------------ */

static struct troupe_proxy ground;

static void print_answer(const Forward__Answer *answer, void *floor)
{
	if (answer)
		printf("%s: answered by floor %u, process %d\n",
		       (const char *)floor, answer->floor, answer->pid);
	else
		printf("%s: %s\n", (const char *)floor, ground.reason.text);
}

int troupe_main(int argc, char **argv)
{
	static char *some[] = { "forward", "0", "3", "9" };
	Forward__Question question = FORWARD__QUESTION__INIT;
	Forward__Place above = FORWARD__PLACE__INIT;
	troupe_ref ref = 0;
	char *end;
	int r;

	if (argc == 1) {
		argc = sizeof(some) / sizeof(some[0]);
		argv = some;
	}
	for (int floor = FLOORS - 1; floor >= 0; floor--) {
		above.floor = (uint32_t)floor;
		above.above = ref;
		r = troupe_spawn(&floor_class, &above.base, &ref);
		if (r < 0)
			return r;
	}
	troupe_proxy_init(&ground, ref, &forward__floor__descriptor);
	for (int i = 1; i < argc; i++) {
		question.floor = (uint32_t)strtoul(argv[i], &end, 10);
		if (end == argv[i] || *end) {
			fputs("forward: usage: forward.so [FLOOR]...\n",
			      stderr);
			return -EINVAL;
		}
		forward__floor__ask(&ground.base, &question, print_answer,
				    argv[i]);
	}
	r = troupe_await(&ground);
	return r == -ENOENT ? 0 : r; /* no such floor is an answer, too */
}
