/* SPDX-License-Identifier: MIT */
#include "tests/ipc/wait/kit.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- a wake is never lost ---- */

enum { LAST = 2 }; /* count[LAST]: the number of the last round */

struct game {
	struct doorbells *doorbells;
	enum trp_wait_kind kind;
	bool is_watching;
	int cpu[2];
	uint64_t rounds;
	struct trp_time end; /* on a busy machine, before all are played */
};

static void await_ball(struct game *game, struct trp_wait *wait, uint32_t self,
		       uint64_t round)
{
	struct trp_time limit = after_ms(60000);

	while (atomic_load(&game->doorbells->count[self]) < round) {
		bells_clear(game->doorbells, self);
		if (atomic_load(&game->doorbells->count[self]) >= round)
			break;
		if (trp_wait_sleep(wait, limit) < 0 ||
		    trp_time_now().ns >= limit.ns) {
			fprintf(stderr, "player %u: no round %lu\n", self,
				(unsigned long)round);
			abort();
		}
	}
}

static void serve(struct game *game, uint32_t self)
{
	atomic_fetch_add(&game->doorbells->count[!self], 1);
	bells_ring(game->doorbells, !self, self);
}

static void play(struct game *game, uint32_t self)
{
	_Atomic uint64_t *last = &game->doorbells->count[LAST];
	struct trp_wait wait;
	bool is_over = false;

	pin(game->cpu[self]);
	init_wait(&wait, game->kind, game->doorbells, self);
	if (game->is_watching)
		watch_silence(&wait);
	for (uint64_t round = 1; !is_over; round++) {
		if (self == 0 && (round == game->rounds ||
				  trp_time_now().ns >= game->end.ns))
			atomic_store(last, round);
		if (self == 0)
			serve(game, self);
		await_ball(game, &wait, self, round);
		is_over = atomic_load(last) == round;
		if (self == 1)
			serve(game, self);
	}
	if (game->is_watching)
		forget_silence(&wait);
	trp_wait_fini(&wait);
}

static void play_second(void *game)
{
	play(game, 1);
}

/* TROUPE_TEST_ROUNDS: their number, if there is time. */
static void ping_pong(enum trp_wait_kind kind, bool is_watching, int first,
		      int second, uint64_t usual)
{
	struct game game = { .doorbells = bells_new(),
			     .kind = kind,
			     .is_watching = is_watching,
			     .cpu = { first, second },
			     .rounds = usual,
			     .end = after_ms(20000) };
	const char *wish = getenv("TROUPE_TEST_ROUNDS");
	pid_t other;

	if (wish) {
		game.rounds = strtoull(wish, NULL, 10);
		game.end = TRP_NEVER;
	}
	other = start(play_second, &game);
	play(&game, 0);
	join(other);
	bells_free(game.doorbells);
}

Test(wait, no_wake_is_lost_on_one_core, .timeout = 600)
{
	require_kind(TRP_WAIT_EPOLL);
	ping_pong(TRP_WAIT_EPOLL, false, 0, 0, 100000);
}

Test(wait, no_wake_is_lost_on_any_core, .timeout = 600)
{
	require_kind(TRP_WAIT_EPOLL);
	ping_pong(TRP_WAIT_EPOLL, false, ANY_CPU, ANY_CPU, 20000);
}

EACH_KIND(wait, no_wake_is_lost_beside_descriptors_on_one_core)
{
	require_kind(*kind);
	ping_pong(*kind, true, 0, 0, 100000);
}

EACH_KIND(wait, no_wake_is_lost_beside_descriptors_on_two_cores)
{
	require_kind(*kind);
	ping_pong(*kind, true, 0, 1, 20000);
}

EACH_KIND(wait, no_wake_is_lost_between_watching_and_not)
{
	struct doorbells *doorbells = bells_new();
	struct trp_wait wait;

	require_kind(*kind);
	init_wait(&wait, *kind, doorbells, 0);
	for (int i = 0; i < 1000; i++) {
		if (i % 3 == 0)
			watch_silence(&wait);
		bells_ring(doorbells, 0, 1);
		cr_assert_eq(trp_wait_sleep(&wait, after_ms(10000)), 0);
		cr_assert(trp_doorbell_is_set(&doorbells->doorbell[0]));
		bells_clear(doorbells, 0);
		cr_assert_eq(trp_wait_sleep(&wait, after_ms(0)), 0);
		if (i % 3 == 1)
			forget_silence(&wait);
	}
	trp_wait_fini(&wait);
	bells_free(doorbells);
}

/* ---- time, and what there is already ---- */

/* Returns how late it was. */
static int64_t sleep_until_deadline(enum trp_wait_kind kind, bool is_watching)
{
	struct doorbells *doorbells = bells_new();
	struct trp_time deadline;
	struct trp_wait wait;
	int64_t late;
	int wakes = 0;

	init_wait(&wait, kind, doorbells, 0);
	if (is_watching)
		watch_silence(&wait);
	deadline = after_ms(30);
	for (; trp_time_now().ns < deadline.ns; wakes++)
		cr_assert_eq(trp_wait_sleep(&wait, deadline), 0);
	late = trp_time_now().ns - deadline.ns;
	cr_assert_leq(wakes, 3);
	if (is_watching)
		forget_silence(&wait);
	trp_wait_fini(&wait);
	bells_free(doorbells);
	return late;
}

/* A busy machine may be late; one of several sleeps is in time there, too. */
EACH_KIND(wait, a_sleep_ends_at_its_deadline)
{
	const int64_t second = INT64_C(1000000000);
	int tries = 0;

	require_kind(*kind);
	while (sleep_until_deadline(*kind, false) > second)
		cr_assert_lt(++tries, 20);
	while (sleep_until_deadline(*kind, true) > second)
		cr_assert_lt(++tries, 20);
}

EACH_KIND(wait, a_deadline_in_the_past_is_no_sleep)
{
	static const int64_t past[] = { INT64_MIN, -1, 0, 1 };
	struct doorbells *doorbells = bells_new();
	struct trp_wait wait;

	require_kind(*kind);
	init_wait(&wait, *kind, doorbells, 0);
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < 4; i++)
			cr_assert_eq(
				trp_wait_sleep(&wait,
					       (struct trp_time) { past[i] }),
				0);
		if (round == 0)
			watch_silence(&wait);
	}
	cr_assert_eq(wait.sleeps, 0);
	forget_silence(&wait);
	trp_wait_fini(&wait);
	bells_free(doorbells);
}

EACH_KIND(wait, a_bell_that_is_set_is_no_sleep)
{
	struct doorbells *doorbells = bells_new();
	struct trp_wait wait;

	require_kind(*kind);
	init_wait(&wait, *kind, doorbells, 0);
	watch_silence(&wait);
	trp_doorbell_set(&doorbells->doorbell[0], 1);
	cr_assert_eq(trp_wait_sleep(&wait, TRP_NEVER), 0);
	cr_assert_eq(wait.sleeps, 0);
	forget_silence(&wait);
	trp_wait_fini(&wait);
	bells_free(doorbells);
}

EACH_KIND(wait, mail_alone_opens_nothing)
{
	struct doorbells *doorbells = bells_new();
	struct trp_wait wait;
	int before;

	require_kind(*kind);
	before = count_descriptors();
	init_wait(&wait, *kind, doorbells, 0);
	cr_assert_eq(trp_wait_sleep(&wait, after_ms(1)), 0);
	cr_assert_eq(count_descriptors(), before);
	trp_wait_fini(&wait);
	bells_free(doorbells);
}

Test(wait, fini_of_a_zeroed_wait_does_nothing)
{
	struct trp_wait wait = { 0 };

	trp_wait_fini(&wait);
}

static void wake_again(void *data)
{
	struct doorbells *bells = data;
	struct timespec pause = { .tv_nsec = 1000000 };

	while (!atomic_load(&bells->sleeping[0]))
		nanosleep(&pause, NULL);
	atomic_store(&bells->doorbell[0].word, UINT32_MAX);
	bells_ring(bells, 0, 1); /* which believes the word */
	trp_doorbell_wake_again(&bells->doorbell[0],
				atomic_load(&bells->sleeping[0]), 0);
}

static void check_wake_again(enum trp_wait_kind kind, bool has_watch)
{
	struct doorbells *bells = bells_new();
	struct trp_wait wait;
	pid_t pid;

	require_kind(kind);
	init_wait(&wait, kind, bells, 0);
	if (has_watch)
		watch_silence(&wait);
	pid = start(wake_again, bells);
	/* A process that is about to sleep sees the word change, and goes
	 * on. */
	while (!trp_doorbell_is_set(&bells->doorbell[0]))
		cr_assert_eq(trp_wait_sleep(&wait, TRP_NEVER), 0);
	join(pid);
	if (has_watch)
		forget_silence(&wait);
	trp_wait_fini(&wait);
	bells_free(bells);
}

EACH_KIND(wait, ends_by_a_second_ring_though_the_word_says_woken)
{
	check_wake_again(*kind, false);
	check_wake_again(*kind, true);
}
