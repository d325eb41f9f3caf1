/* SPDX-License-Identifier: MIT */
/*
 * divers: actors that end together.  Bob is linked to his buddy, Ann: when he
 * sinks too deep, she ends with the same reason, and Eve does not.  The root
 * watches all three, each by a monitor with a tag of its own, takes one report
 * by an alias, and at last sends Eve an exit signal.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <troupe.h>
#include <troupe_ends.h>
#include <troupe_link.h>
#include <troupe_restart.h>
#include "divers.pb-c.h"

enum { ANN, BOB, EVE, DIVERS };

static int diver_init(const void *arguments)
{
	const Divers__Buddy *buddy = arguments;

	return buddy->ref ? troupe_link(buddy->ref) : 0;
}

static int diver_sinks(const struct troupe_message *message)
{
	const Divers__Sink *sink = message->body;
	Divers__Report report = DIVERS__REPORT__INIT;

	if (sink->metres > 30)
		abort();
	report.metres = sink->metres;
	return troupe_send(sink->report_to, &report.base);
}

static const struct troupe_handler diver_handlers[] = {
	{ &divers__sink__descriptor, diver_sinks },
	{ 0 },
};
static const struct troupe_class diver = { .name = "diver",
					   .init = diver_init,
					   .handlers = diver_handlers };

static int start(troupe_ref ref[DIVERS])
{
	Divers__Buddy buddy = DIVERS__BUDDY__INIT;
	uint64_t monitor;
	int r = 0;

	for (int i = 0; i < DIVERS && r == 0; i++) {
		const struct troupe_spawn_options options = {
			.ret_monitor = &monitor,
			.tag = (uint64_t)i,
		};

		buddy.ref = i == BOB ? ref[ANN] : 0;
		r = troupe_spawn_with(&options, &diver, &buddy.base, &ref[i]);
	}
	return r;
}

/* Of several reports the alias takes the first alone. */
static int first_report(const troupe_ref ref[DIVERS])
{
	const struct troupe_pattern report = {
		.type = &divers__report__descriptor
	};
	Divers__Sink sink = DIVERS__SINK__INIT;
	struct troupe_message message;
	int r = troupe_alias(TROUPE_ALIAS_REPLY, &sink.report_to);

	sink.metres = 10;
	for (int i = 0; i < DIVERS && r == 0; i++)
		r = troupe_send(ref[i], &sink.base);
	if (r == 0)
		r = troupe_receive(&report, 1, troupe_in_ms(60000), &message);
	if (r == 0)
		printf("a report from %u metres\n",
		       ((const Divers__Report *)message.body)->metres);
	return r;
}

static bool is_by_monitor(const struct troupe_message *message, void *data)
{
	return ((const struct troupe_end *)message->body)->monitor;
}

static int tell_end(void)
{
	static const char *const name[DIVERS] = { "Ann", "Bob", "Eve" };
	const struct troupe_pattern pattern = {
		.type = &troupe__end__descriptor, .matches = is_by_monitor
	};
	struct troupe_message message;
	const struct troupe_end *end;
	char text[TROUPE_TEXT_SIZE];
	int r = troupe_receive(&pattern, 1, troupe_in_ms(60000), &message);

	if (r < 0)
		return r;
	end = message.body;
	printf("%s: %s\n", name[end->tag],
	       troupe_reason_text(&end->reason, text, sizeof(text)));
	return 0;
}

int troupe_main(int argc, char **argv)
{
	const struct troupe_reason leave = { .cause = TROUPE_ERROR,
					     .code = -ECANCELED,
					     .text = "the boat leaves" };
	Divers__Sink deep = DIVERS__SINK__INIT;
	troupe_ref ref[DIVERS];
	int r = start(ref);

	if (r == 0)
		r = first_report(ref);
	deep.metres = 40;
	if (r == 0)
		r = troupe_send(ref[BOB], &deep.base);
	if (r == 0)
		r = tell_end();
	if (r == 0)
		r = tell_end();
	if (r == 0)
		r = troupe_exit_signal(ref[EVE], &leave);
	return r < 0 ? r : tell_end();
}
