/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include <errno.h>
#include <string.h>

#include "ipc/peer.h"
#include "ipc/mailbox_receive.h"
#include "ipc/mailbox_unread.h"
#include "tests/support/ipc_kit.h"

/*
 * Mallory writes anything into her own region.
 * Bob must reject it, and must go on with Carol's mail.
 */

enum { MALLORY = 1, BOB = 2, CAROL = 3, HEAP = 1 << 20 };

static struct kit kit;
static struct kit_actor mallory, bob, carol;
static uint64_t seed;

static void set_up(void)
{
	kit_init(&kit, 4, HEAP);
	kit_give(&kit, BOB);
	kit_give(&kit, CAROL);
	kit_actor_init(&kit, &bob, BOB, 0);
	kit_actor_init(&kit, &carol, CAROL, 0);
}

static void tear_down(void)
{
	kit_actor_fini(&carol);
	kit_actor_fini(&bob);
	kit_fini(&kit);
}

TestSuite(hostile, .init = set_up, .fini = tear_down, .timeout = 600);

static uint64_t below(uint64_t bound)
{
	return kit_random(&seed) % bound;
}

/* Honest traffic in both directions, for Mallory to corrupt. */
static void send_some(struct kit_actor *from, struct kit_actor *to)
{
	static const unsigned char bytes[2000];
	struct trp_extent extent;
	void *at, *beside;

	for (uint64_t n = below(30); n > 0; n--)
		kit_send(from, to->slot, to->generation, below(2), bytes,
			 (uint32_t)below(below(2) ? 40 : 2000));
	if (below(2) ||
	    trp_mailbox_loan(&from->box, 1 + below(9000), &extent, &beside) < 0)
		return;
	if (trp_mailbox_reserve(&from->box, to->slot, to->generation, TRP_MAIL,
				8, &extent, &at) == 0)
		trp_mailbox_commit(&from->box, 8);
}

/* A number that is probably nearly right. */
static uint64_t lie(uint64_t truth)
{
	switch (below(8)) {
	case 0:
		return kit_random(&seed);
	case 1:
		return kit_random(&seed) >> below(64);
	case 2:
		return truth + 8 * below(100);
	case 3:
		return truth - 8 * below(100);
	case 4:
		return truth ^ UINT64_C(1) << below(64);
	case 5:
		return UINT64_MAX - below(9);
	case 6:
		return (TRP_PAGE * below(300)) | (9 + below(15));
	}
	return 0;
}

static void spoil_word(uint64_t offset)
{
	uint64_t *word =
		trp_arena_at(&mallory.arena, mallory.arena.entered, offset, 8);

	*word = lie(*word);
}

/* A record's header in the ring of some lane, or what follows it. */
static void spoil_ring(void)
{
	struct trp_peer *peer = trp_peer_find(&mallory.box, BOB);
	struct trp_outgoing *out = &peer->out[below(2)];
	uint64_t at = below(out->tail + 1) & (out->block.size - 1) & ~7;
	struct trp_record record = {
		.size = (uint32_t)(below(2) ? below(100) : lie(16)),
		.kind = (uint16_t)below(6),
		.flags = (uint16_t)below(3),
	};

	if (!out->ring)
		return;
	if (below(2))
		memcpy(out->ring + at, &record, sizeof(record));
	else
		spoil_word(out->block.offset + at);
}

static void spoil_endpoint(void)
{
	struct trp_endpoint *endpoint = &mallory.box.front->endpoint[below(3)];
	uint64_t offset =
		(uint64_t)((char *)endpoint - (char *)mallory.box.front);

	spoil_word(offset + 8 * below(sizeof(*endpoint) / 8));
}

static void spoil(void)
{
	switch (below(6)) {
	case 0:
	case 1:
		spoil_ring();
		break;
	case 2:
	case 3:
		spoil_endpoint();
		break;
	case 4:
		spoil_word(8 * below(64));
		break;
	case 5:
		spoil_word(8 * below(TRP_FRONT_SIZE / 8));
		break;
	}
}

static bool is_in_region(uint32_t slot, const void *bytes, uint64_t size)
{
	const unsigned char *front =
		trp_arena_at(&kit.fresh, kit_region(&kit, slot), 0, 1);
	const unsigned char *heap = trp_arena_at(
		&kit.fresh, kit_region(&kit, slot), TRP_FRONT_SIZE, 1);
	uint64_t in_front = (uint64_t)((const unsigned char *)bytes - front);
	uint64_t in_heap = (uint64_t)((const unsigned char *)bytes - heap);

	return in_front <= TRP_FRONT_SIZE
		       ? size <= TRP_FRONT_SIZE - in_front
		       : in_heap <= HEAP && size <= HEAP - in_heap;
}

/* Reads the record, which must be the sender's. */
static uint64_t touched;

static void touch(const struct trp_mail *mail)
{
	const unsigned char *bytes = mail->bytes;
	const unsigned char *beside = mail->attachment;

	cr_assert(is_in_region(mail->sender, bytes, mail->size));
	cr_assert(!beside ||
		  is_in_region(mail->sender, beside, mail->attachment_size));
	for (uint32_t i = 0; i < mail->size; i++)
		touched += bytes[i];
	if (beside)
		touched += beside[0] + beside[mail->attachment_size - 1];
}

static void read_bobs_mail(uint64_t *next_of_carol)
{
	struct trp_mail mail;
	int r;

	for (int n = 0; n < 500; n++) {
		r = trp_mailbox_receive(&bob.box, TRP_TAKE_ALL, &mail);
		if (r == 0)
			break;
		if (r < 0) {
			cr_assert_eq(r, -EBADMSG);
			cr_assert_eq(mail.sender, MALLORY);
			continue;
		}
		touch(&mail);
		if (mail.sender == CAROL)
			cr_assert_eq(kit_number(&mail), (*next_of_carol)++);
		trp_mailbox_receive_done(&bob.box, &mail);
	}
}

/* Everything that bob and the supervisor do with such a neighbour. */
static void live_with_her(uint64_t *sent_by_carol, uint64_t *next_of_carol)
{
	struct trp_mail mail;

	trp_doorbell_set_again(bob.box.doorbell, MALLORY);
	for (int i = 0; i < 5; i++)
		cr_assert_eq(kit_send_number(&carol, BOB, bob.generation,
					     (*sent_by_carol)++),
			     0);
	read_bobs_mail(next_of_carol);
	send_some(&bob, &mallory);
	trp_mailbox_want_room(&bob.box, MALLORY, mallory.generation);
	trp_mailbox_receive_rescan(&bob.box);
	trp_mailbox_unread_bytes(&kit.fresh, BOB, MALLORY);
	trp_mailbox_unread_bytes(&kit.fresh, MALLORY, BOB);
	trp_mailbox_receive_is_empty(&bob.box, TRP_TAKE_ALL);
	for (int n = 0; n < 100; n++) {
		if (trp_mailbox_receive_from(&bob.box, MALLORY, UINT32_MAX,
					     &mail) != 1)
			break;
		touch(&mail);
		trp_mailbox_receive_done(&bob.box, &mail);
	}
}

static void appear(void)
{
	kit_give(&kit, MALLORY);
	kit_actor_init(&kit, &mallory, MALLORY, 4096);
	send_some(&bob, &mallory);
	send_some(&mallory, &bob);
	send_some(&mallory, &kit.self);
}

static void disappear(uint64_t *next_of_carol)
{
	kit_set_state(&kit, MALLORY, TRP_DEAD);
	trp_mailbox_unread_ring(&kit.self.box, MALLORY);
	read_bobs_mail(next_of_carol);
	kit_free_slot(&kit, MALLORY);
}

Test(hostile, a_sender_that_writes_nonsense_hurts_nobody)
{
	static unsigned char front[TRP_FRONT_SIZE];
	uint64_t sent_by_carol = 0, next_of_carol = 0;

	seed = kit_seed("hostile/a_sender_*");
	for (int round = 0; round < 4000; round++) {
		appear();
		if (below(2))
			read_bobs_mail(&next_of_carol);
		memcpy(front, mallory.box.front, sizeof(front));
		for (uint64_t n = 1 + below(6); n > 0; n--) {
			if (!trp_peer_find(&mallory.box, BOB))
				break;
			spoil();
			live_with_her(&sent_by_carol, &next_of_carol);
			memcpy(mallory.box.front, front,
			       below(2) ? TRP_PAGE : 0);
		}
		disappear(&next_of_carol);
		memcpy(mallory.box.front, front, sizeof(front));
		kit_actor_fini(&mallory);
		kit_free_slot(&kit, MALLORY);
	}
	read_bobs_mail(&next_of_carol);
	cr_assert_eq(next_of_carol, sent_by_carol);
	cr_assert_gt(bob.box.lies, 100);
	cr_assert_neq(touched, 1);
}

/* ---- one lie each -------------------------------------------------------- */

/* Three records, the first is read: what follows is at 56. */
struct lie {
	const char *name;
	struct trp_record header; /* of the second record, where size != 0 */
	uint64_t word[2];	  /* its first bytes, if any */
	uint64_t tail;		  /* 0: as it is */
};

static const struct lie lies[] = {
	{ "no kind", .header = { 40, 0, 0 } },
	{ "an unknown kind", .header = { 40, TRP_CLOSES + 1, 0 } },
	{ "an end with something in it", .header = { 40, TRP_CLOSES, 0 } },
	{ "an unknown flag", .header = { 40, TRP_DATA, 2 } },
	{ "beyond the tail", .header = { 200, TRP_DATA, 0 } },
	{ "beyond the ring", .header = { 2000, TRP_DATA, 0 }, .tail = 8192 },
	{ "endless", .header = { UINT32_MAX, TRP_DATA, 0 }, .tail = 8192 },
	{ "padding before the end", .header = { 40, TRP_PAD, 0 } },
	{ "a ring of no size", .header = { 16, TRP_CONTINUES, 0 },
	  .word = { 4096, 0 } },
	{ "a ring of odd size", .header = { 16, TRP_CONTINUES, 0 },
	  .word = { 4096, 1536 } },
	{ "a ring askew", .header = { 16, TRP_CONTINUES, 0 },
	  .word = { 4104, 1024 } },
	{ "a ring elsewhere", .header = { 16, TRP_CONTINUES, 0 },
	  .word = { TRP_FRONT_SIZE + HEAP, 1024 } },
	{ "a ring across the end", .header = { 16, TRP_CONTINUES, 0 },
	  .word = { TRP_FRONT_SIZE - 512, 1024 } },
	{ "a ring and nothing in it", .header = { 16, TRP_CONTINUES, 0 },
	  .word = { 8192, 1024 }, .tail = 80 },
	{ "half a ring", .header = { 8, TRP_CONTINUES, 0 },
	  .word = { 8192, 1024 } },
	{ "half an attachment", .header = { 8, TRP_DATA, TRP_ATTACHED } },
	{ "an empty attachment", .header = { 40, TRP_DATA, TRP_ATTACHED },
	  .word = { 4096, 0 } },
	{ "an attachment elsewhere", .header = { 40, TRP_DATA, TRP_ATTACHED },
	  .word = { TRP_FRONT_SIZE + HEAP - 8, 16 } },
	{ "an endless attachment", .header = { 40, TRP_DATA, TRP_ATTACHED },
	  .word = { 4096, UINT64_MAX } },
	{ "a tail askew", .tail = 150 },
	{ "a tail that goes back", .tail = 8 },
};

enum { SPACE = 56 };

static void tell(const struct lie *told)
{
	struct trp_outgoing *out =
		&trp_peer_find(&mallory.box, BOB)->out[TRP_MAIL];
	unsigned char *record = out->ring + SPACE;

	if (told->header.size)
		memcpy(record, &told->header, sizeof(told->header));
	if (told->word[0])
		memcpy(record + sizeof(told->header), told->word,
		       sizeof(told->word));
	if (told->tail)
		out->mine->tail = told->tail;
}

Test(hostile, each_lie_is_found_out)
{
	static const unsigned char bytes[SPACE - sizeof(struct trp_record)];
	struct trp_mail mail;

	for (size_t i = 0; i < sizeof(lies) / sizeof(*lies); i++) {
		kit_give(&kit, MALLORY);
		kit_actor_init(&kit, &mallory, MALLORY, 0);
		kit_send(&mallory, BOB, 1, TRP_MAIL, bytes, sizeof(bytes));
		cr_assert_eq(trp_mailbox_receive(&bob.box, TRP_TAKE_ALL, &mail),
			     1);
		trp_mailbox_receive_done(&bob.box, &mail);
		kit_send(&mallory, BOB, 1, TRP_MAIL, bytes, sizeof(bytes));
		kit_send(&mallory, BOB, 1, TRP_MAIL, bytes, sizeof(bytes));
		tell(&lies[i]);
		cr_assert_eq(trp_mailbox_receive(&bob.box, TRP_TAKE_ALL, &mail),
			     -EBADMSG, "%s", lies[i].name);
		cr_assert_eq(bob.box.lies, i + 1);
		/* The rest is not read, which does not hold her slot. */
		if (!lies[i].tail)
			cr_assert_eq(trp_mailbox_unread_bytes(&kit.fresh, BOB,
							      MALLORY),
				     0);
		kit_actor_fini(&mallory);
		kit_free_slot(&kit, MALLORY);
	}
}

Test(hostile, a_lie_is_told_once_and_closes_that_lane_alone)
{
	struct trp_mail mail;
	struct trp_peer *peer;

	appear();
	read_bobs_mail(&seed);
	cr_assert_eq(kit_send_number(&mallory, BOB, 1, 1), 0);
	cr_assert_eq(kit_send_number(&mallory, BOB, 1, 2), 0);
	cr_assert_eq(kit_send(&mallory, BOB, 1, TRP_REPLY, "r", 1), 0);
	peer = trp_peer_find(&mallory.box, BOB);
	peer->out[TRP_MAIL].mine->tail -= 4;
	cr_assert_eq(trp_mailbox_receive(&bob.box, TRP_TAKE_MAIL, &mail),
		     -EBADMSG);
	cr_assert_eq(mail.sender, MALLORY);
	cr_assert_eq(mail.stream, TRP_MAIL);
	cr_assert_eq(trp_mailbox_receive(&bob.box, TRP_TAKE_MAIL, &mail), 0);
	cr_assert_eq(trp_mailbox_receive(&bob.box, TRP_TAKE_REPLY, &mail), 1);
	trp_mailbox_receive_done(&bob.box, &mail);
	cr_assert_eq(kit_send_number(&mallory, BOB, 1, 3), 0);
	cr_assert_eq(trp_mailbox_receive(&bob.box, TRP_TAKE_ALL, &mail), 0);
	cr_assert(trp_mailbox_receive_is_empty(&bob.box, TRP_TAKE_ALL));
	cr_assert_eq(bob.box.lies, 1);

	/* That is not read, and does not hold her slot for ever. */
	trp_mailbox_receive_rescan(&bob.box);
	read_bobs_mail(&seed);
	kit_set_state(&kit, MALLORY, TRP_DEAD);
	cr_assert_eq(trp_mailbox_unread_bytes(&kit.fresh, BOB, MALLORY), 0);
	kit_actor_fini(&mallory);
}
