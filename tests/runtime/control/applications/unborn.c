/* SPDX-License-Identifier: MIT */
/*
 * unborn.so: /keeper restarts /keeper/worker after a millisecond, for ever. The
 * root lets the worker die when no process can be forked, and lets processes be
 * forked again when FAILURES starts have failed, argument 1.  With "lone" or
 * "kept", argument 2, a worker that nobody restarts falls asleep instead, and
 * is sent mail then.  With "still" processes are forked, and find no memory.
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
#include <troupe_sleep.h>
#include <troupe_state.h>
#include <troupe_supervise.h>
#include <troupe_tree.h>
#include "parlour.pb-c.h"

static pid_t zygote;

/* Before any fork. */
__attribute__((constructor)) static void note_zygote(void)
{
	zygote = getpid();
}

static int limited = RLIMIT_NPROC;

static int limit_all(rlim_t count)
{
	struct rlimit limit;

	if (prlimit(zygote, limited, NULL, &limit) < 0)
		return -errno;
	limit.rlim_cur = count < limit.rlim_max ? count : limit.rlim_max;
	return prlimit(zygote, limited, &limit, NULL) < 0 ? -errno : 0;
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

/* ---- one that sleeps ----------------------------------------------------- */

static char latest[64] = "nothing";

static int keep(const ProtobufCMessage **ret_state)
{
	static Parlour__Words state;

	parlour__words__init(&state);
	state.text = latest;
	*ret_state = &state.base;
	return 0;
}

static int fetch(const ProtobufCMessage *state)
{
	snprintf(latest, sizeof(latest), "%s",
		 ((const Parlour__Words *)state)->text);
	return 0;
}

static int drowsy_words(const struct troupe_message *message)
{
	const Parlour__Words *words = message->body;
	Parlour__Words answer = PARLOUR__WORDS__INIT;
	char text[160];

	snprintf(text, sizeof(text), "%s after %s", words->text, latest);
	snprintf(latest, sizeof(latest), "%s", words->text);
	answer.text = text;
	return troupe_send(message->sender, &answer.base);
}

static const struct troupe_handler drowsy_handlers[] = {
	{ &parlour__words__descriptor, drowsy_words },
	{ 0 },
};
static const struct troupe_class drowsy = {
	.name = "worker",
	.handlers = drowsy_handlers,
	.save = keep,
	.load = fetch,
	.idle_ms = 1,
};
static const struct troupe_child_spec drowsy_children[] = {
	{ .id = "worker", .klass = &drowsy, .restart = TROUPE_TEMPORARY },
	{ 0 },
};
static const struct troupe_supervisor drowsy_rules = {
	.children = drowsy_children,
	.intensity = TROUPE_INTENSITY_UNLIMITED,
	.first_ms = 1,
	.last_ms = 1,
};
static const struct troupe_class drowsy_keeper = {
	.name = "keeper",
	.supervises = &drowsy_rules,
};

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
		count -= limited == RLIMIT_AS ? end->incarnation > 0
					      : strstr(end->reason.text,
						       "cannot fork") != NULL;
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

static int await_sleep(troupe_ref ref)
{
	struct troupe_state state = { 0 };
	int r = 0;

	while (r == 0 && !state.is_asleep) {
		usleep(1000);
		r = troupe_state_of(ref, &state);
	}
	return r;
}

static int spawn_worker(const char *how, troupe_ref *ret_ref)
{
	const struct troupe_spawn_options ready = { .ready_by = TROUPE_NEVER };
	int r;

	if (strcmp(how, "lone") == 0)
		return troupe_spawn_with(&ready, &drowsy, NULL, ret_ref);
	r = troupe_spawn_with(
		&ready, strcmp(how, "kept") == 0 ? &drowsy_keeper : &keeper,
		NULL, NULL);
	return r < 0 ? r : troupe_lookup("/keeper/worker", ret_ref);
}

int troupe_main(int argc, char **argv)
{
	const char *how = argc > 2 ? argv[2] : "";
	bool sleeps = *how && strcmp(how, "still") != 0;
	troupe_ref ref;
	uint64_t monitor;
	int r;

	r = spawn_worker(how, &ref);
	if (r == 0)
		r = troupe_monitor(ref, &monitor);
	if (r == 0)
		r = say(ref, "before");
	if (r == 0)
		r = hear();
	if (r == 0 && sleeps)
		r = await_sleep(ref);
	if (*how && !sleeps)
		limited = RLIMIT_AS;
	if (r == 0)
		r = limit_all(1);
	if (r == 0 && !sleeps)
		r = say(ref, "die");
	if (r == 0)
		r = say(ref, "meanwhile");
	if (r == 0)
		r = await_failures(atoi(argv[1]));
	if (r == 0)
		r = limit_all(RLIM_INFINITY);
	if (r == 0)
		r = hear();
	return r == 0 ? spawn_others() : r;
}
