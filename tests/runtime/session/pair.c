/* SPDX-License-Identifier: MIT */
#include "tests/runtime/session/pair.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static int on_send(void *user, uint32_t number, const uint8_t *frame,
		   size_t length, bool is_question)
{
	struct pair_end *end = user;
	struct pair_frame *place = &end->queue[end->queued % PAIR_QUEUE];

	if (end->bus_error)
		return end->bus_error;
	end->queued++;
	free(place->bytes);
	*place = (struct pair_frame) { number, length, malloc(length) };
	memcpy(place->bytes, frame, length);
	return 0;
}

static void on_random(void *user, void *bytes, size_t length)
{
	struct pair *pair = ((struct pair_end *)user)->pair;
	uint64_t next = pair->random++ * 0x9e3779b97f4a7c15u;

	cr_assert(length <= sizeof(next));
	memcpy(bytes, &next, length);
}

static void on_up(void *user, uint32_t number)
{
	((struct pair_end *)user)->ups++;
}

static bool on_deliver(void *user, uint32_t number, const uint8_t *payload,
		       size_t length)
{
	struct pair_end *end = user;
	size_t seen = length < PAIR_TEXT ? length : PAIR_TEXT - 1;

	if (end->is_refusing)
		return false;
	end->delivered++;
	memcpy(end->last, payload, seen);
	end->last[seen] = 0;
	return true;
}

static void on_room(void *user, uint32_t number)
{
	((struct pair_end *)user)->rooms++;
}

static void on_lost(void *user, uint32_t number, const uint8_t *payload,
		    size_t length, bool may_have_arrived)
{
	struct pair_end *end = user;

	end->lost++;
	end->may_have_arrived += may_have_arrived;
	cr_assert(length && payload[0] >= ' ' && payload[0] < 127);
}

static void on_down(void *user, uint32_t number, int error)
{
	struct pair_end *end = user;

	end->downs++;
	end->error = error;
}

static const struct trp_session_calls calls = {
	.send = on_send,
	.random = on_random,
	.up = on_up,
	.deliver = on_deliver,
	.room = on_room,
	.lost = on_lost,
	.down = on_down,
};

static void end_init(struct pair *pair, struct pair_end *end, uint32_t number,
		     struct trp_guard *guard)
{
	struct trp_sessions_options options = { .number = number,
						.guard = guard,
						.peers_max = 16,
						.bytes = PAIR_BYTES };

	end->pair = pair;
	end->number = number;
	cr_assert_eq(trp_sessions_new(&end->sessions, &options, &calls, end),
		     0);
}

void pair_init(struct pair *pair, struct trp_guard *guard_a,
	       struct trp_guard *guard_b)
{
	memset(pair, 0, sizeof(*pair));
	pair->random = 1;
	pair->now.ns = 1000000000;
	end_init(pair, &pair->a, 2, guard_a);
	end_init(pair, &pair->b, 3, guard_b);
}

static void end_fini(struct pair_end *end)
{
	trp_sessions_free(end->sessions);
	for (int i = 0; i < PAIR_QUEUE; i++)
		free(end->queue[i].bytes);
}

void pair_fini(struct pair *pair)
{
	end_fini(&pair->a);
	end_fini(&pair->b);
}

int pair_say(struct pair_end *from, const char *text)
{
	uint32_t to = from->number == 2 ? 3 : 2;

	return trp_sessions_send(from->sessions, to, text, strlen(text),
				 from->pair->now);
}

void pair_pass_from(struct pair_end *from)
{
	struct pair *pair = from->pair;
	struct pair_end *to = from == &pair->a ? &pair->b : &pair->a;
	struct pair_frame *frame;

	while (from->passed < from->queued) {
		frame = &from->queue[from->passed++ % PAIR_QUEUE];
		if (frame->to == to->number)
			trp_sessions_receive(to->sessions, frame->bytes,
					     frame->length, pair->now);
		trp_sessions_check(to->sessions);
	}
}

void pair_drop(struct pair_end *from)
{
	from->passed = from->queued;
}

void pair_pass(struct pair *pair)
{
	while (pair->a.passed < pair->a.queued ||
	       pair->b.passed < pair->b.queued) {
		pair_pass_from(&pair->a);
		pair_pass_from(&pair->b);
	}
}

static void step(struct pair *pair)
{
	pair->now.ns += 10000000;
	trp_sessions_tick(pair->a.sessions, pair->now);
	trp_sessions_tick(pair->b.sessions, pair->now);
	trp_sessions_check(pair->a.sessions);
	trp_sessions_check(pair->b.sessions);
}

void pair_wait(struct pair *pair, int64_t ns)
{
	for (int64_t end = pair->now.ns + ns; pair->now.ns < end;) {
		step(pair);
		pair_pass(pair);
	}
}

void pair_wait_cut(struct pair *pair, int64_t ns)
{
	for (int64_t end = pair->now.ns + ns; pair->now.ns < end;) {
		step(pair);
		pair_drop(&pair->a);
		pair_drop(&pair->b);
	}
}

const struct pair_frame *pair_find(const struct pair_end *from,
				   enum trp_frame_kind kind)
{
	for (int i = from->queued; i-- > 0;)
		if (from->queue[i].bytes[3] == kind)
			return &from->queue[i];
	return NULL;
}

void pair_open(struct pair *pair)
{
	cr_assert_eq(pair_say(&pair->a, "open"), 0);
	pair_pass(pair);
	pair_wait(pair, 100000000);
	cr_assert_eq(pair->b.delivered, 1);
	cr_assert_str_eq(pair->b.last, "open");
}
