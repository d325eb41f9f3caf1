/* SPDX-License-Identifier: MIT */
/*
 * unborn.so: /keeper restarts /keeper/worker after a millisecond, for ever. The
 * root lets the worker die when no process can be forked, and lets processes be
 * forked again when FAILURES starts have failed, argument 1.
 */
#define _GNU_SOURCE 1
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <troupe.h>
#include <troupe_ends.h>
#include <troupe_restart.h>
#include <troupe_supervise.h>
#include <troupe_tree.h>
#include "parlour.pb-c.h"

static pid_t zygote;

/* Before any fork. */
__attribute__((constructor)) static void note_zygote(void)
{
	zygote = getpid();
}

static int limit_processes(rlim_t count)
{
	struct rlimit limit;

	if (prlimit(zygote, RLIMIT_NPROC, NULL, &limit) < 0)
		return -errno;
	limit.rlim_cur = count < limit.rlim_max ? count : limit.rlim_max;
	return prlimit(zygote, RLIMIT_NPROC, &limit, NULL) < 0 ? -errno : 0;
}

/* ---- the worker ---------------------------------------------------------- */

static int worker_words(const struct troupe_message *message)
{
	const Parlour__Words *words = message->body;
	Parlour__Words answer = PARLOUR__WORDS__INIT;
	char text[64];

	if (strcmp(words->text, "die") == 0)
		return -ECANCELED;
	snprintf(text, sizeof(text), "incarnation %u: %s", troupe_incarnation(),
		 words->text);
	answer.text = text;
	return troupe_send(message->sender, &answer.base);
}

static const struct troupe_handler worker_handlers[] = {
	{ &parlour__words__descriptor, worker_words },
	{ 0 },
};
static const struct troupe_class worker = { .name = "worker",
					    .handlers = worker_handlers };

/* ---- its supervisor ------------------------------------------------------ */

static const struct troupe_child_spec children[] = {
	{ .id = "worker", .klass = &worker, .restart = TROUPE_PERMANENT },
	{ 0 },
};
static const struct troupe_supervisor rules = {
	.children = children,
	.intensity = TROUPE_INTENSITY_UNLIMITED,
	.first_ms = 1,
	.last_ms = 1,
};
static const struct troupe_class keeper = { .name = "keeper",
					    .supervises = &rules };

/* ---- the root ------------------------------------------------------------ */

static int say(troupe_ref to, const char *text)
{
	Parlour__Words words = PARLOUR__WORDS__INIT;

	words.text = (char *)text;
	return troupe_send(to, &words.base);
}

/* Until so many starts have failed. */
static int await_failures(int count)
{
	const struct troupe_pattern pattern = {
		.type = &troupe__end__descriptor
	};
	struct troupe_message message;
	const struct troupe_end *end;
	int r;

	while (count > 0) {
		r = troupe_receive(&pattern, 1, TROUPE_NEVER, &message);
		if (r < 0)
			return r;
		end = message.body;
		if (!end->will_restart)
			return -EPROTO;
		count -= strstr(end->reason.text, "cannot fork") != NULL;
	}
	return 0;
}

static int hear(void)
{
	const struct troupe_pattern pattern = {
		.type = &parlour__words__descriptor
	};
	struct troupe_message message;
	int r = troupe_receive(&pattern, 1, TROUPE_NEVER, &message);

	if (r == 0)
		puts(((const Parlour__Words *)message.body)->text);
	return r;
}

static int ends_at_once(const void *arguments)
{
	return 0;
}

/* Others find memory as before. */
static int spawn_others(void)
{
	static const struct troupe_class other = { .name = "other",
						   .run = ends_at_once };
	const struct troupe_spawn_options ready = { .ready_by = TROUPE_NEVER };
	int r = 0;

	for (int i = 0; r == 0 && i < 4; i++)
		r = troupe_spawn_with(&ready, &other, NULL, NULL);
	return r;
}

int troupe_main(int argc, char **argv)
{
	const struct troupe_spawn_options ready = { .ready_by = TROUPE_NEVER };
	troupe_ref ref;
	uint64_t monitor;
	int r;

	r = troupe_spawn_with(&ready, &keeper, NULL, NULL);
	if (r == 0)
		r = troupe_lookup("/keeper/worker", &ref);
	if (r == 0)
		r = troupe_monitor(ref, &monitor);
	if (r == 0)
		r = say(ref, "before");
	if (r == 0)
		r = hear();
	if (r == 0)
		r = limit_processes(1);
	if (r == 0)
		r = say(ref, "die");
	if (r == 0)
		r = say(ref, "meanwhile");
	if (r == 0)
		r = await_failures(atoi(argv[1]));
	if (r == 0)
		r = limit_processes(RLIM_INFINITY);
	if (r == 0)
		r = hear();
	return r == 0 ? spawn_others() : r;
}
