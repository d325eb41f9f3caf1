/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "runtime/supervisor/restart_policy.h"

enum { ACTORS = 12, MOST = 3, START_MS = 10000 };
static const int64_t MS = 1000000;

static struct trp_restart_table table;
static struct trp_restart_entry entry[ACTORS];
static int64_t now;

static struct troupe_time at(int64_t ns)
{
	return (struct troupe_time) { ns };
}

static void begin(void)
{
	now = 1000;
	memset(entry, 0, sizeof(entry));
	trp_restart_policy_init(&table, MOST);
	for (int i = 0; i < ACTORS; i++)
		trp_restart_policy_join(&entry[i], &trp_restart_policy_rules,
					at(now));
}

static void end(void)
{
	trp_restart_policy_fini(&table);
}

TestSuite(restart_policy, .init = begin, .fini = end);

static int64_t ended(int i, uint64_t random)
{
	return trp_restart_policy_ended(&table, &entry[i], at(now), random);
}

/* It starts when its pause is over, not before, and comes up. */
static void start_again(int i, int64_t pause)
{
	cr_assert_eq(trp_restart_policy_next(&table).ns, now + pause);
	now += pause - 1;
	cr_assert_null(trp_restart_policy_due(&table, at(now)));
	now++;
	cr_assert_eq(trp_restart_policy_due(&table, at(now)), &entry[i]);
	trp_restart_policy_is_up(&table, &entry[i]);
}

Test(restart_policy, pauses_double_from_100_ms_to_15_s_until_it_is_given_up)
{
	int64_t p = 100 * MS, pause;

	for (int n = 0; n < trp_restart_policy_rules.limit; n++) {
		pause = ended(0, 0);
		cr_assert_eq(pause, p);
		start_again(0, pause);
		p = 2 * p < 15000 * MS ? 2 * p : 15000 * MS;
	}
	cr_assert_eq(ended(0, 0), -1);
	cr_assert_eq(entry[0].state, TRP_RESTART_GIVEN_UP);
	cr_assert_eq(trp_restart_policy_next(&table).ns, TROUPE_NEVER.ns);
}

Test(restart_policy, a_quiet_minute_is_a_new_beginning_and_less_is_not)
{
	for (int n = 0; n < 5; n++)
		start_again(0, ended(0, 0));
	now += 60000 * MS - 1;
	start_again(0, ended(0, 0));
	cr_assert_eq(entry[0].in_succession, 6);
	now += 60000 * MS;
	cr_assert_eq(ended(0, 0), 100 * MS);
}

Test(restart_policy, without_a_limit_it_is_never_given_up)
{
	trp_restart_policy_leave(&table, &entry[0]);
	trp_restart_policy_join(&entry[0], &trp_restart_policy_endless,
				at(now));
	for (int n = 0; n < 10000; n++)
		start_again(0, ended(0, (uint64_t)n * 0x9e3779b97f4a7c15));
}

Test(restart_policy, jitter_spreads_over_a_fifth)
{
	int64_t least = INT64_MAX, most = 0, pause;

	for (int n = 0; n < 1000; n++) {
		trp_restart_policy_leave(&table, &entry[0]);
		trp_restart_policy_join(&entry[0], &trp_restart_policy_rules,
					at(now));
		pause = ended(0, (uint64_t)rand() << 20 ^ (uint64_t)rand());
		least = pause < least ? pause : least;
		most = pause > most ? pause : most;
	}
	cr_assert(least >= 80 * MS && least < 82 * MS);
	cr_assert(most <= 100 * MS && most > 98 * MS);
}

Test(restart_policy, the_brake_lets_the_longest_held_go_first)
{
	for (int i = 0; i < ACTORS; i++) {
		ended(i, 0);
		now++;
	}
	now += 15000 * MS;
	for (int i = 0; i < MOST; i++)
		cr_assert_eq(trp_restart_policy_due(&table, at(now)),
			     &entry[i]);
	cr_assert_null(trp_restart_policy_due(&table, at(now)));
	/* One that has died on its way makes room as one that is up does. */
	ended(0, 0);
	cr_assert_eq(trp_restart_policy_next(&table).ns, 0);
	cr_assert_eq(trp_restart_policy_due(&table, at(now)), &entry[MOST]);
	trp_restart_policy_is_up(&table, &entry[1]);
	cr_assert_eq(trp_restart_policy_due(&table, at(now)), &entry[MOST + 1]);
	cr_assert_null(trp_restart_policy_due(&table, at(now)));
	/* Those that never come up hold it for ten seconds. */
	now += START_MS * MS - 1;
	cr_assert_null(trp_restart_policy_due(&table, at(now)));
	now++;
	cr_assert_eq(trp_restart_policy_due(&table, at(now)), &entry[MOST + 2]);
}

/* ---- against a model ----------------------------------------------------- */

static struct model {
	enum trp_restart_state state;
	int32_t n;
	int64_t since;
	int64_t at;	 /* STARTING, PAUSING */
	uint64_t number; /* DUE: in this order */
} model[ACTORS];
static uint64_t last_number;

static int count_starting(void)
{
	int count = 0;

	for (int i = 0; i < ACTORS; i++)
		count += model[i].state == TRP_RESTART_STARTING;
	return count;
}

static int first_due(void)
{
	int first = -1;

	for (int i = 0; i < ACTORS; i++)
		if (model[i].state == TRP_RESTART_DUE &&
		    (first < 0 || model[i].number < model[first].number))
			first = i;
	return first;
}

/* The earliest whose time is over; all times differ. */
static int first_timer(void)
{
	int first = -1;

	for (int i = 0; i < ACTORS; i++)
		if ((model[i].state == TRP_RESTART_STARTING ||
		     model[i].state == TRP_RESTART_PAUSING) &&
		    (first < 0 || model[i].at < model[first].at))
			first = i;
	return first;
}

static int64_t model_next(void)
{
	int first = first_timer();

	if (first_due() >= 0 && count_starting() < MOST)
		return 0;
	return first < 0 ? INT64_MAX : model[first].at;
}

static int model_due(void)
{
	int i;

	while ((i = first_timer()) >= 0 && model[i].at <= now) {
		model[i].number = ++last_number;
		model[i].state = model[i].state == TRP_RESTART_STARTING
					 ? TRP_RESTART_UP
					 : TRP_RESTART_DUE;
	}
	i = first_due();
	if (i < 0 || count_starting() == MOST)
		return -1;
	model[i].state = TRP_RESTART_STARTING;
	model[i].since = now;
	model[i].at = now + START_MS * MS;
	return i;
}

static bool is_taken(int64_t time)
{
	for (int i = 0; i < ACTORS; i++)
		if (model[i].at == time)
			return true;
	return false;
}

static void both_end(int i, unsigned *seed)
{
	int64_t p = 100 * MS, less;

	if (now - model[i].since >= 60000 * MS)
		model[i].n = 0;
	if (model[i].n == 20) {
		cr_assert_eq(ended(i, 7), -1);
		model[i].state = TRP_RESTART_GIVEN_UP;
		return;
	}
	for (int n = 0; n < model[i].n; n++)
		p = 2 * p < 15000 * MS ? 2 * p : 15000 * MS;
	do
		less = rand_r(seed) % (p / 5 + 1);
	while (is_taken(now + p - less));
	cr_assert_eq(ended(i, (uint64_t)less), p - less);
	model[i].n++;
	model[i].state = TRP_RESTART_PAUSING;
	model[i].at = now + p - less;
}

static void step(unsigned *seed)
{
	int i = rand_r(seed) % ACTORS, started;
	struct trp_restart_entry *due;

	now += 1 + rand_r(seed) % (1 << rand_r(seed) % 31) * INT64_C(16);
	do {
		cr_assert_eq(trp_restart_policy_next(&table).ns, model_next());
		due = trp_restart_policy_due(&table, at(now));
		started = model_due();
		cr_assert_eq(due, started < 0 ? NULL : &entry[started]);
		now++; /* so that no two times are the same */
	} while (due);
	switch (model[i].state) {
	case TRP_RESTART_UP:
	case TRP_RESTART_STARTING:
		if (rand_r(seed) % 3) {
			both_end(i, seed);
		} else {
			trp_restart_policy_is_up(&table, &entry[i]);
			model[i].state = TRP_RESTART_UP;
		}
		break;
	case TRP_RESTART_PAUSING:
	case TRP_RESTART_DUE:
		if (rand_r(seed) % 8)
			return;
		/* Fall through. */
	case TRP_RESTART_NONE:
	case TRP_RESTART_GIVEN_UP:
		trp_restart_policy_leave(&table, &entry[i]);
		if (rand_r(seed) % 2) {
			trp_restart_policy_begin(&table, &entry[i],
						 &trp_restart_policy_rules);
			model[i] = (struct model) { .state = TRP_RESTART_DUE,
						    .number = ++last_number };
			break;
		}
		trp_restart_policy_join(&entry[i], &trp_restart_policy_rules,
					at(now));
		model[i] = (struct model) { .state = TRP_RESTART_UP,
					    .since = now };
	}
	cr_assert_eq(entry[i].state, model[i].state);
	trp_restart_policy_check(&table);
}

Test(restart_policy, ten_thousand_random_histories_are_the_models)
{
	const char *given = getenv("RESTART_SEED");
	unsigned seed = given ? (unsigned)strtoul(given, NULL, 10)
			      : (unsigned)time(NULL);

	fprintf(stderr, "RESTART_SEED=%u runs this again\n", seed);
	end();
	for (int i = 0; i < 10000; i++) {
		begin();
		for (int j = 0; j < ACTORS; j++)
			model[j] = (struct model) { .state = TRP_RESTART_UP,
						    .since = now };
		for (int j = 0; j < 200; j++)
			step(&seed);
		end();
	}
	begin();
}
