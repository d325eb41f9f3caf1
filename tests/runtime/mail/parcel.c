/* SPDX-License-Identifier: MIT */
#include "runtime/mail/peers.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

static const struct trp_time there = { 5000 }, here = { 1000000 };

static struct trp_mail_parcel parcel_of(const char *body)
{
	return (struct trp_mail_parcel) {
		.to = trp_ref(7, 8),
		.envelope = { .type = 1,
			      .sender = 77,
			      .correlation = 3,
			      .created = 4000,
			      .deadline = 9000,
			      .flow = 5,
			      .service = 6,
			      .hop = 2,
			      .kind = TRP_CALL,
			      .method = 4 },
		.body = body,
		.length = strlen(body),
	};
}

static ssize_t write_one(const struct trp_mail_parcel *parcel, uint8_t *bytes,
			 size_t room)
{
	return trp_mail_parcel_write(parcel, there, bytes, room);
}

Test(parcel, reads_back_with_times_of_the_other_clock)
{
	struct trp_mail_parcel sent = parcel_of("body"), back;
	uint8_t bytes[256];

	cr_assert_eq(write_one(&sent, bytes, sizeof(bytes)),
		     TRP_PARCEL_HEAD + 4);
	cr_assert_eq(trp_mail_parcel_read(bytes, sizeof(bytes), here, &back),
		     TRP_PARCEL_HEAD + 4);
	cr_assert_eq(back.to, sent.to);
	cr_assert_eq(back.length, 4);
	cr_assert_eq(memcmp(back.body, "body", 4), 0);
	cr_assert_eq(back.envelope.created, here.ns - 1000);
	cr_assert_eq(back.envelope.deadline, here.ns + 4000);
	back.envelope.created = sent.envelope.created;
	back.envelope.deadline = sent.envelope.deadline;
	cr_assert_eq(
		memcmp(&back.envelope, &sent.envelope, sizeof(back.envelope)),
		0);
}

Test(parcel, to_a_run_is_read_as_of_that_run)
{
	struct trp_mail_parcel sent = parcel_of(""), back;
	uint8_t bytes[256];

	cr_assert_eq(trp_ref_set_here(55), 0);
	sent.to = trp_ref(7, 8);
	cr_assert_eq(trp_ref_set_here(66), 0);
	cr_assert_gt(write_one(&sent, bytes, sizeof(bytes)), 0);
	cr_assert_eq(trp_ref_set_here(55), 0);
	cr_assert_gt(trp_mail_parcel_read(bytes, sizeof(bytes), here, &back),
		     0);
	cr_assert_eq(back.to, sent.to);
	cr_assert_eq(back.length, 0);
}

Test(parcel, without_a_deadline_has_none_there)
{
	struct trp_mail_parcel sent = parcel_of("x"), back;
	uint8_t bytes[256];

	sent.envelope.deadline = INT64_MAX;
	cr_assert_gt(write_one(&sent, bytes, sizeof(bytes)), 0);
	cr_assert_gt(trp_mail_parcel_read(bytes, sizeof(bytes), here, &back),
		     0);
	cr_assert_eq(back.envelope.deadline, INT64_MAX);
}

Test(parcel, that_came_too_late_is_so_there)
{
	struct trp_mail_parcel sent = parcel_of("x"), back;
	uint8_t bytes[256];

	sent.envelope.deadline = 4500; /* and it is 5000 */
	cr_assert_gt(write_one(&sent, bytes, sizeof(bytes)), 0);
	cr_assert_gt(trp_mail_parcel_read(bytes, sizeof(bytes), here, &back),
		     0);
	cr_assert_eq(back.envelope.deadline, here.ns);
}

Test(parcel, older_than_the_clock_of_its_reader_is_read)
{
	struct trp_mail_parcel sent = parcel_of("x"), back;
	uint8_t bytes[256];

	cr_assert_gt(write_one(&sent, bytes, sizeof(bytes)), 0);
	cr_assert_gt(trp_mail_parcel_read(bytes, sizeof(bytes),
					  (struct trp_time) { 10 }, &back),
		     0);
	cr_assert_eq(back.envelope.created, 0);
}

Test(parcel, among_others_is_read_in_its_turn)
{
	static const char *const bodies[] = { "one", "", "three" };
	struct trp_mail_parcel sent, back;
	uint8_t bytes[512];
	size_t end = 0, at = 0;

	for (int i = 0; i < 3; i++) {
		sent = parcel_of(bodies[i]);
		end += (size_t)write_one(&sent, bytes + end,
					 sizeof(bytes) - end);
	}
	for (int i = 0; i < 3; i++) {
		at += (size_t)trp_mail_parcel_read(bytes + at, end - at, here,
						   &back);
		cr_assert_eq(back.length, strlen(bodies[i]));
		cr_assert_eq(memcmp(back.body, bodies[i], back.length), 0);
	}
	cr_assert_eq(at, end);
}

Test(parcel, for_which_there_is_no_room_is_not_written)
{
	struct trp_mail_parcel sent = parcel_of("body");
	uint8_t bytes[TRP_PARCEL_HEAD + 4];

	for (size_t room = 0; room < sizeof(bytes); room++)
		cr_assert_eq(write_one(&sent, bytes, room), -ENOSPC);
	cr_assert_eq(write_one(&sent, bytes, sizeof(bytes)),
		     TRP_PARCEL_HEAD + 4);
}

Test(parcel, that_is_cut_or_false_is_refused)
{
	struct trp_mail_parcel sent = parcel_of("body"), back;
	uint8_t bytes[TRP_PARCEL_HEAD + 4], copy[sizeof(bytes)];
	static const struct {
		size_t place;
		uint8_t value;
	} cases[] = {
		{ 0, 0 },		     /* shorter than its head */
		{ 0, 200 },		     /* longer than the bytes */
		{ 11, 1 },		     /* of a node */
		{ 12 + 58, 0 },		     /* no kind */
		{ 12 + 58, TRP_AWAY },	     /* within a node alone */
		{ 12 + 58, TRP_MESSAGE },    /* with a service */
		{ 12 + 39, 0x80 },	     /* an age below 0 */
		{ 12 + 59, TRP_FLAGS_NONE }, /* an unknown flag */
	};

	write_one(&sent, bytes, sizeof(bytes));
	for (size_t length = 0; length < sizeof(bytes); length++)
		cr_assert_eq(trp_mail_parcel_read(bytes, length, here, &back),
			     -EBADMSG);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memcpy(copy, bytes, sizeof(copy));
		copy[cases[i].place] = cases[i].value;
		cr_assert_eq(
			trp_mail_parcel_read(copy, sizeof(copy), here, &back),
			-EBADMSG, "case %zu", i);
	}
	sent.envelope.kind = TRP_AWAY;
	cr_assert_eq(write_one(&sent, bytes, sizeof(bytes)), -EINVAL);
}

/* ---- peers ----------------------------------------------------------------
 */

Test(peers, that_are_idle_are_kept_up_to_a_bound)
{
	struct trp_mail_parcel sent = parcel_of("body");
	struct trp_mail_peers peers = { 0 };
	struct trp_mail_peer *busy[3], *peer;

	for (uint32_t i = 0; i < 3; i++)
		busy[i] = trp_mail_peers_make(&peers, 2 + i);
	cr_assert_eq(trp_mail_peers_append(busy[0], &sent, here), 0);
	busy[1]->held = 1;
	busy[2]->watches = 1;
	for (uint32_t i = 0; i < 10000; i++) {
		peer = trp_mail_peers_make(&peers, 1000 + i);
		cr_assert_eq(trp_mail_peers_append(peer, &sent, here), 0);
		trp_mail_peers_trim(&peers, peer);
		cr_assert_eq(trp_mail_peers_find(&peers, 1000 + i), peer);
		trp_mail_peers_drop(peer, peer->tail);
		trp_mail_peers_trim(&peers, peer);
		cr_assert_leq(peers.count, TRP_MAIL_PEERS_KEPT);
		trp_mail_peers_check(&peers);
	}
	for (uint32_t i = 0; i < 3; i++) {
		trp_mail_peers_trim(&peers, busy[i]);
		cr_assert_eq(trp_mail_peers_find(&peers, 2 + i), busy[i]);
	}
	trp_mail_peers_fini(&peers);
}
