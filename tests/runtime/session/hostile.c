/* SPDX-License-Identifier: MIT */
/* Nodes that lie, flood or repeat what they have heard. */
#include "tests/runtime/session/pair.h"
#include "tests/support/aborts.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#define SECOND INT64_C(1000000000)

static const struct trp_session_counts *counts(const struct pair_end *end)
{
	return trp_sessions_counts(end->sessions);
}

static void hear(struct pair_end *end, const struct trp_frame *frame,
		 const void *payload, size_t length)
{
	static uint8_t bytes[TRP_FRAME_SIZE_MAX];

	trp_frame_write(frame, bytes);
	if (length)
		memcpy(bytes + TRP_FRAME_HEADER, payload, length);
	trp_sessions_receive(end->sessions, bytes, TRP_FRAME_HEADER + length,
			     end->pair->now);
	trp_sessions_check(end->sessions);
}

/* A header of B to A, as of their session: the last that it sent. */
static struct trp_frame of_session(const struct pair *pair,
				   enum trp_frame_kind kind)
{
	struct pair_frame last =
		pair->b.queue[(pair->b.queued - 1) % PAIR_QUEUE];
	struct trp_frame frame;

	cr_assert_eq(trp_frame_read(last.bytes, last.length, &frame), 0);
	cr_assert_eq(frame.kind, TRP_FRAME_ACK);
	frame.kind = kind;
	frame.flags = 0;
	frame.seq = kind == TRP_FRAME_ACK ? frame.seq + 1 : 0;
	return frame;
}

static void begin(struct pair *pair)
{
	pair_init(pair, NULL, NULL);
	pair_open(pair);
}

Test(hostile, flood_of_hellos_fills_a_bounded_table_and_ends_no_session)
{
	struct trp_frame hello = { .kind = TRP_FRAME_HELLO, .to = 3 };
	static struct pair pair;
	int before;

	begin(&pair);
	before = pair.b.queued;
	for (uint32_t i = 0; i < 5000; i++) {
		hello.from = 100 + i;
		hello.epoch = i + 1;
		hear(&pair.b, &hello, NULL, 0);
	}
	cr_assert_leq(pair.b.queued - before, 1000);
	cr_assert_geq(counts(&pair.b)->throttled, 4000);
	cr_assert_eq(pair_say(&pair.a, "still here"), 0);
	pair_pass(&pair);
	cr_assert_str_eq(pair.b.last, "still here");
	cr_assert_eq(pair.a.downs + pair.b.downs, 0);
	pair_fini(&pair);
}

Test(hostile, table_full_of_sessions_takes_no_other)
{
	static struct pair pair;
	int r = 0;

	pair_init(&pair, NULL, NULL);
	for (uint32_t i = 0; i < 16; i++)
		cr_assert_eq(trp_sessions_send(pair.a.sessions, 100 + i, "x", 1,
					       pair.now),
			     0);
	r = pair_say(&pair.a, "one more");
	cr_assert_eq(r, -ENOBUFS);
	pair_fini(&pair);
}

Test(hostile, hello_of_a_peer_does_not_end_its_session)
{
	static struct pair pair;
	struct trp_frame hello = {
		.kind = TRP_FRAME_HELLO, .from = 3, .to = 2, .epoch = 77
	};

	begin(&pair);
	hear(&pair.a, &hello, NULL, 0);
	cr_assert_eq(pair_say(&pair.a, "goes on"), 0);
	pair_pass(&pair);
	cr_assert_str_eq(pair.b.last, "goes on");
	cr_assert_eq(pair.a.downs + pair.b.downs, 0);
	pair_fini(&pair);
}

Test(hostile, frames_of_a_former_session_change_nothing)
{
	static struct pair pair;
	struct pair_frame old[8];
	uint8_t bytes[8][256];
	int i, kept = 0, delivered;

	begin(&pair);
	for (i = 0; i < pair.a.queued && kept < 8; i++, kept++) {
		old[kept] = pair.a.queue[i];
		memcpy(bytes[kept], old[kept].bytes, old[kept].length);
	}
	trp_sessions_close(pair.a.sessions, pair.now);
	pair_pass(&pair);
	cr_assert_eq(pair.b.error, -ESHUTDOWN);
	for (int round = 0; round < 2; round++) {
		delivered = pair.b.delivered;
		for (i = 0; i < kept; i++)
			trp_sessions_receive(pair.b.sessions, bytes[i],
					     old[i].length, pair.now);
		cr_assert_eq(pair.b.delivered, delivered);
		pair_drop(&pair.b);
		cr_assert_eq(pair_say(&pair.a, "anew"), 0);
		pair_pass(&pair);
		cr_assert_str_eq(pair.b.last, "anew");
	}
	cr_assert_eq(pair.b.ups, 2);
	pair_fini(&pair);
}

Test(hostile, mail_beyond_the_grant_is_not_taken)
{
	static struct pair pair;
	static char text[TRP_SESSION_BYTES_LEAST + 1];
	struct trp_frame mail;

	begin(&pair);
	mail = of_session(&pair, TRP_FRAME_MAIL);
	memset(text, 'x', sizeof(text));
	hear(&pair.a, &mail, text, sizeof(text));
	cr_assert_eq(pair.a.delivered, 0);
	cr_assert_eq(counts(&pair.a)->excess, 1);
	hear(&pair.a, &mail, text, sizeof(text) - 1);
	cr_assert_eq(pair.a.delivered, 1);
	pair_fini(&pair);
}

Test(hostile, acknowledgement_of_what_was_not_sent_is_ignored)
{
	static struct pair pair;
	struct trp_frame ack;

	begin(&pair);
	ack = of_session(&pair, TRP_FRAME_ACK);
	ack.ack = 1000;
	hear(&pair.a, &ack, NULL, 0);
	cr_assert_eq(counts(&pair.a)->malformed, 1);
	cr_assert_eq(pair.a.downs, 0);
	pair_fini(&pair);
}

Test(hostile, grant_without_end_is_used_within_what_this_node_keeps)
{
	static struct pair pair;
	static char text[TRP_FRAME_PAYLOAD_MAX];
	struct trp_frame ack;
	uint64_t bytes = 0;
	size_t room;

	begin(&pair);
	ack = of_session(&pair, TRP_FRAME_ACK);
	ack.bytes_limit = UINT64_MAX;
	ack.frames_limit = UINT64_MAX;
	hear(&pair.a, &ack, NULL, 0);
	memset(text, 'x', sizeof(text));
	while ((room = trp_sessions_room(pair.a.sessions, 3))) {
		cr_assert_eq(trp_sessions_send(pair.a.sessions, 3, text, room,
					       pair.now),
			     0);
		bytes += room;
		cr_assert_leq(bytes, PAIR_BYTES / 4);
	}
	cr_assert_eq(trp_sessions_send(pair.a.sessions, 3, text, 1, pair.now),
		     -EAGAIN);
	pair_fini(&pair);
}

Test(hostile, reset_of_another_session_is_ignored)
{
	static struct pair pair;
	struct trp_frame reset;

	begin(&pair);
	reset = of_session(&pair, TRP_FRAME_RESET);
	reset.ack = reset.bytes_limit = reset.frames_limit = 0;
	reset.echo++;
	hear(&pair.a, &reset, NULL, 0);
	cr_assert_eq(pair.a.downs, 0);
	reset.echo--;
	hear(&pair.a, &reset, NULL, 0);
	cr_assert_eq(pair.a.error, -ECONNRESET);
	pair_fini(&pair);
}

Test(hostile, acknowledgement_that_is_said_again_is_no_sign_of_life)
{
	static struct pair pair;
	struct pair_frame last;
	uint8_t bytes[256];

	begin(&pair);
	last = *pair_find(&pair.b, TRP_FRAME_ACK);
	memcpy(bytes, last.bytes, last.length);
	cr_assert_eq(pair_say(&pair.a, "to nobody"), 0);
	for (int i = 0; i < 13 && !pair.a.downs; i++) {
		pair_wait_cut(&pair, SECOND);
		trp_sessions_receive(pair.a.sessions, bytes, last.length,
				     pair.now);
	}
	cr_assert_eq(pair.a.error, -ETIMEDOUT);
	cr_assert_eq(pair.a.may_have_arrived, 1);
	pair_fini(&pair);
}

Test(hostile, bytes_are_counted_and_not_answered)
{
	static struct pair pair;
	struct trp_frame hello = {
		.kind = TRP_FRAME_HELLO, .from = 9, .to = 4, .epoch = 1
	};
	int before;

	begin(&pair);
	before = pair.a.queued;
	trp_sessions_receive(pair.a.sessions, "garbage", 7, pair.now);
	cr_assert_eq(counts(&pair.a)->malformed, 1);
	hear(&pair.a, &hello, NULL, 0);
	cr_assert_eq(counts(&pair.a)->misrouted, 1);
	cr_assert_eq(pair.a.queued, before);
	pair_fini(&pair);
}

/* ---- what a check sees ----------------------------------------------------
 */

static void spoil(void *data)
{
	struct trp_session session;
	struct trp_session_world world = { .outage_ns = SECOND };

	trp_session_init(&session, &world, 3);
	trp_session_check(&session);
	switch (*(int *)data) {
	case 0:
		session.ours = 1;
		break;
	case 1:
		session.taken = 3;
		break;
	case 2:
		session.out.next = 1;
		break;
	case 3:
		session.out.bytes = TRP_SESSION_BYTES_LEAST + 1;
		break;
	case 4:
		session.key_in = (void *)1;
		session.key_out = (void *)1;
		break;
	}
	trp_session_check(&session);
}

Test(hostile, state_of_a_session_is_seen_by_its_check)
{
	int none = 5;

	cr_assert(!aborts(spoil, &none));
	for (int i = 0; i < 5; i++)
		cr_assert(aborts(spoil, &i), "%d", i);
}
