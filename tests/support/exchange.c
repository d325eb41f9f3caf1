/* SPDX-License-Identifier: MIT */
#include "tests/support/exchange.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "ipc/mailbox_receive.h"
#include "ipc/mailbox_unread.h"
#include "tests/support/ipc_kit.h"

enum { EXCHANGES = 30000, LIMIT = 8192 };

static struct kit kit;
/* The work of a supervisor: one at a time. */
static pthread_mutex_t supervisor = PTHREAD_MUTEX_INITIALIZER;

struct side {
	struct kit_actor actor;
	uint32_t slot, other;
	unsigned lives; /* goes on after so many steps, on average; 0: never */
	uint64_t seed, sent, taken;
	int error;
};

static struct side side[2];

static int send_next(struct side *me)
{
	struct trp_mailbox *box = &me->actor.box;
	uint32_t size = 8 + (uint32_t)(kit_random(&me->seed) % 200);
	bool is_attached = kit_random(&me->seed) % 8 == 0;
	struct trp_extent extent;
	void *bytes, *beside;
	int r;

	if (is_attached) {
		r = trp_mailbox_loan(box, 3000, &extent, &beside);
		if (r < 0)
			return r;
		memset(beside, (int)me->sent, 3000);
	}
	r = trp_mailbox_reserve(box, me->other, 1, TRP_MAIL, size,
				is_attached ? &extent : NULL, &bytes);
	if (r < 0) {
		if (is_attached)
			trp_mailbox_unloan(box, extent);
		return r;
	}
	memset(bytes, (int)me->sent, size);
	memcpy(bytes, &me->sent, 8);
	trp_mailbox_commit(box, size);
	me->sent++;
	return 0;
}

static bool is_all(const void *bytes, uint64_t size, unsigned char mark)
{
	const unsigned char *at = bytes;

	for (uint64_t i = 0; i < size; i++)
		if (at[i] != mark)
			return false;
	return true;
}

static int take_next(struct side *me)
{
	unsigned char mark = (unsigned char)me->taken;
	struct trp_mail mail;
	uint64_t number;
	int r;

	r = trp_mailbox_receive(&me->actor.box, TRP_TAKE_ALL, &mail);
	if (r <= 0)
		return r;
	memcpy(&number, mail.bytes, 8);
	if (number != me->taken++ ||
	    !is_all((const char *)mail.bytes + 8, mail.size - 8, mark) ||
	    !is_all(mail.attachment, mail.attachment_size, mark))
		return -EILSEQ;
	trp_mailbox_receive_done(&me->actor.box, &mail);
	return 1;
}

static void succeed(struct side *me)
{
	kit_actor_fini(&me->actor);
	pthread_mutex_lock(&supervisor);
	trp_mailbox_unread_ring(&kit.self.box, me->slot);
	kit_sweep(&kit, me->slot);
	kit_succeed(&kit, me->slot);
	pthread_mutex_unlock(&supervisor);
	kit_actor_init(&kit, &me->actor, me->slot, LIMIT);
}

/*
 * Sleeps when there is nothing to take, and nothing to send or no room.  The
 * check for room comes last, as is_empty() takes the ring for it.
 */
static int step(struct side *me)
{
	struct trp_mailbox *box = &me->actor.box;
	int sent = -EAGAIN, taken;

	if (me->lives && kit_random(&me->seed) % me->lives == 0)
		succeed(me);
	if (me->sent < EXCHANGES)
		sent = send_next(me);
	if (sent < 0 && sent != -EAGAIN)
		return sent;
	taken = take_next(me);
	if (taken < 0)
		return taken;
	if (sent == 0 || taken > 0)
		return 0;
	if (!trp_mailbox_receive_is_empty(box, TRP_TAKE_ALL))
		return 0;
	if (me->sent < EXCHANGES && trp_mailbox_want_room(box, me->other, 1))
		return 0;
	return kit_sleep(&me->actor) ? 0 : -ETIMEDOUT;
}

static void *run(void *data)
{
	struct side *me = data;

	while (!me->error && (me->sent < EXCHANGES || me->taken < EXCHANGES))
		me->error = step(me);
	trp_mailbox_receive_is_empty(&me->actor.box, TRP_TAKE_ALL);
	return NULL;
}

static void set_up(uint64_t seed, unsigned lives)
{
	kit_init(&kit, 64, 16 << 20);
	kit_enter_all(&kit);
	for (uint32_t i = 0; i < 2; i++) {
		side[i] = (struct side) { .slot = 1 + i,
					  .other = 2 - i,
					  .lives = lives,
					  .seed = seed + i };
		kit_give(&kit, 1 + i);
		kit_actor_init(&kit, &side[i].actor, 1 + i, LIMIT);
	}
}

static void tear_down(void)
{
	for (int i = 0; i < 2; i++)
		kit_actor_fini(&side[i].actor);
	kit_fini(&kit);
}

int exchange(uint64_t seed, unsigned lives)
{
	pthread_t thread[2];
	int error = 0;

	set_up(seed, lives);
	for (int i = 0; i < 2; i++)
		if (pthread_create(&thread[i], NULL, run, &side[i]))
			return -EAGAIN;
	for (int i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	for (int i = 0; i < 2; i++) {
		assert(side[i].error || side[i].taken == EXCHANGES);
		if (side[i].error)
			error = side[i].error;
	}
	tear_down();
	return error;
}
