/* SPDX-License-Identifier: MIT */
#include "tests/runtime/supervisor/link_kit.h"

static int on_order(const struct troupe_message *message)
{
	const Play__Number *number = message->body;

	if (number->value == ABORT) {
		signal(SIGABRT, SIG_DFL);
		abort();
	}
	if (number->value >= NOTE)
		board->value[NOTES + board->count++] = number->value;
	if (number->value == COUNT)
		board->count++;
	while (number->value == HOLD && !board->value[GO])
		usleep(100);
	return number->value == END ? TROUPE_STOP
	       : number->value < 0  ? (int)number->value
				    : 0;
}

static const struct troupe_handler orders[] = {
	{ &play__number__descriptor, on_order },
	{ 0 },
};

static int link_init(const void *arguments)
{
	const Play__Who *who = arguments;

	CHECK(!who || troupe_link(who->ref) == 0);
	return stage_send(troupe_parent(), 0);
}

int link_note_signal(const struct troupe_end *end)
{
	if (end->reason.code >= NOTE)
		board->value[NOTES + board->count++] = end->reason.code;
	board->value[FROM] = (long)end->ref;
	board->value[CODE] = end->reason.code;
	board->value[CAUSES + end->reason.cause]++;
	board->value[SIGNALS]++;
	return stage_send(troupe_parent(), 1);
}

const struct troupe_class link_peer = { .name = "peer",
					.init = link_init,
					.handlers = orders };
const struct troupe_class link_trapper = { .name = "trapper",
					   .init = link_init,
					   .handlers = orders,
					   .exit_signal = link_note_signal };
const struct troupe_class link_phoenix = {
	.name = "phoenix",
	.init = link_init,
	.handlers = orders,
	.restart = TROUPE_RESTART_ALWAYS,
};

troupe_ref link_start(const struct troupe_class *klass, troupe_ref to)
{
	Play__Who who = PLAY__WHO__INIT;
	troupe_ref ref = 0;

	who.ref = to;
	CHECK(troupe_spawn(klass, to ? &who.base : NULL, &ref) == 0);
	CHECK(stage_receive(LONG_MS) == 0);
	return ref;
}

bool link_ends_with(troupe_ref ref, enum troupe_cause cause, int code)
{
	struct troupe_end end;

	CHECK(troupe_wait(ref, troupe_in_ms(LONG_MS), &end) == 0);
	return end.reason.cause == cause && end.reason.code == code;
}

void link_check_lives(troupe_ref ref)
{
	struct troupe_time until = troupe_in_ms(LONG_MS);
	long before = board->count;

	CHECK(stage_send(ref, COUNT) == 0);
	while (board->count == before && troupe_now().ns < until.ns)
		stage_receive(1);
	CHECK(board->count == before + 1);
}

struct troupe_end link_next_signal(troupe_ref from)
{
	const struct troupe_pattern pattern = {
		.type = &troupe__exit_signal__descriptor, .sender = from
	};
	struct troupe_end end = { 0 };
	struct troupe_message message;

	CHECK(troupe_receive(&pattern, 1, troupe_in_ms(LONG_MS), &message) ==
	      0);
	end = *(const struct troupe_end *)message.body;
	CHECK(end.ref == from);
	return end;
}

bool link_has_signal(void)
{
	const struct troupe_pattern pattern = {
		.type = &troupe__exit_signal__descriptor
	};
	struct troupe_message message;

	return troupe_receive(&pattern, 1, TROUPE_POLL, &message) == 0;
}

int link_send_signal(troupe_ref to, enum troupe_cause cause, int code)
{
	struct troupe_reason reason = { .cause = cause, .code = code };

	snprintf(reason.text, sizeof(reason.text), "as it was asked");
	return troupe_exit_signal(to, &reason);
}
