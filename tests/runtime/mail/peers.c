/* SPDX-License-Identifier: MIT */
/* The parcels of a peer lie one behind the other. */
#include "runtime/mail/peers.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct trp_time now = { 1000000 };
static struct trp_mail_peers peers;

static void all_is_given_back(void)
{
	trp_mail_peers_fini(&peers);
	cr_assert_eq(peers.count, 0);
}

TestSuite(peers, .fini = all_is_given_back, .timeout = 600);

static void append(struct trp_mail_peer *peer, uint64_t number, size_t length)
{
	static char body[1 << 20];
	const struct trp_mail_parcel parcel = {
		.to = trp_ref(7, 8),
		.envelope = { .type = number + 1,
			      .sender = 77,
			      .created = now.ns,
			      .kind = TRP_MESSAGE },
		.body = body,
		.length = length,
	};

	cr_assert_eq(trp_mail_peers_append(peer, &parcel, now), 0);
	trp_mail_peers_check(&peers);
}

/* Takes one out, as the session does. */
static void expect(struct trp_mail_peer *peer, uint64_t number, size_t length)
{
	struct trp_mail_parcel parcel;
	ssize_t taken =
		trp_mail_parcel_read(peer->bytes + peer->head,
				     peer->tail - peer->head, now, &parcel);

	cr_assert_eq(taken, (ssize_t)(TRP_PARCEL_HEAD + length));
	cr_assert_eq(parcel.envelope.type, number + 1);
	trp_mail_peers_drop(peer, (size_t)taken);
	trp_mail_peers_check(&peers);
}

Test(peers, are_made_once_and_found_by_their_number)
{
	/* In one bucket. */
	struct trp_mail_peer *one = trp_mail_peers_make(&peers, 1);
	struct trp_mail_peer *two =
		trp_mail_peers_make(&peers, 1 + TRP_MAIL_BUCKETS);

	cr_assert_neq(one, two);
	cr_assert_eq(trp_mail_peers_make(&peers, 1), one);
	cr_assert_eq(peers.count, 2);
	cr_assert_eq(trp_mail_peers_find(&peers, 1), one);
	cr_assert_eq(trp_mail_peers_find(&peers, two->number), two);
	cr_assert_null(trp_mail_peers_find(&peers, 2));
	trp_mail_peers_remove(&peers, one);
	trp_mail_peers_check(&peers);
	cr_assert_null(trp_mail_peers_find(&peers, 1));
	cr_assert_eq(trp_mail_peers_find(&peers, two->number), two);
}

/* Room is made of what went first, and then by growing. */
Test(peers, keep_each_parcel_in_order_while_some_go)
{
	struct trp_mail_peer *peer = trp_mail_peers_make(&peers, 1);
	uint64_t first = 0, end = 0;
	size_t largest = 0;

	for (int round = 0; round < 300; round++) {
		for (uint64_t i = 0; i < 1 + (uint64_t)round % 7; i++, end++)
			append(peer, end, end * 37 % 900);
		while (first + 8 < end || (round % 10 == 9 && first < end)) {
			expect(peer, first, first * 37 % 900);
			first++;
		}
		largest = peer->space > largest ? peer->space : largest;
	}
	for (; first < end; first++)
		expect(peer, first, first * 37 % 900);
	cr_assert_eq(peer->head, peer->tail);
	cr_assert_leq(largest, 64 << 10, "%zu", largest);
}

Test(peers, fit_as_many_whole_parcels_as_there_is_room_for)
{
	enum { SIZE = TRP_PARCEL_HEAD + 100 };
	struct trp_mail_peer *peer = trp_mail_peers_make(&peers, 1);

	cr_assert_eq(trp_mail_peers_fit(peer, SIZE_MAX), 0);
	for (uint64_t i = 0; i < 4; i++)
		append(peer, i, 100);
	cr_assert_eq(trp_mail_peers_fit(peer, SIZE_MAX), 4 * SIZE);
	cr_assert_eq(trp_mail_peers_fit(peer, SIZE - 1), 0);
	cr_assert_eq(trp_mail_peers_fit(peer, SIZE), SIZE);
	expect(peer, 0, 100);
	cr_assert_eq(trp_mail_peers_fit(peer, 2 * SIZE), 2 * SIZE);
	cr_assert_eq(trp_mail_peers_fit(peer, 3 * SIZE - 1), 2 * SIZE);
}

Test(peers, give_back_a_large_space_once_all_went)
{
	struct trp_mail_peer *peer = trp_mail_peers_make(&peers, 1);

	append(peer, 0, 100);
	expect(peer, 0, 100);
	cr_assert_not_null(peer->bytes);
	append(peer, 1, 1 << 20);
	append(peer, 2, 10);
	expect(peer, 1, 1 << 20);
	cr_assert_not_null(peer->bytes);
	expect(peer, 2, 10);
	cr_assert_null(peer->bytes);
	cr_assert_eq(peer->space, 0);
	append(peer, 3, 10);
	expect(peer, 3, 10);
}
