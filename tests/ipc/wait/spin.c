/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include "ipc/spin.h"

static struct trp_spin heard_from_other_core(const char *mode)
{
	struct trp_spin spin;

	trp_spin_init(&spin, mode);
	spin.sender_cpu = 1;
	return spin;
}

Test(spin, not_before_a_sender_is_known)
{
	struct trp_spin spin;

	trp_spin_init(&spin, NULL);
	cr_assert_eq(trp_spin_budget(&spin, 0), 0);
}

Test(spin, not_for_a_sender_on_the_same_core)
{
	struct trp_spin spin = heard_from_other_core("auto");

	cr_assert_eq(trp_spin_budget(&spin, 1), 0);
	cr_assert_eq(trp_spin_budget(&spin, 0), TRP_SPIN_FIRST_NS);
}

Test(spin, always_is_always_but_on_the_same_core)
{
	struct trp_spin spin = heard_from_other_core("always");

	cr_assert_eq(trp_spin_budget(&spin, 0), TRP_SPIN_ALWAYS_NS);
	cr_assert_eq(trp_spin_budget(&spin, 1), 0);
}

Test(spin, success_lengthens_up_to_a_bound)
{
	struct trp_spin spin = heard_from_other_core(NULL);

	trp_spin_learn(&spin, true);
	cr_assert_eq(trp_spin_budget(&spin, 0), 2 * TRP_SPIN_FIRST_NS);
	for (int i = 0; i < 100; i++)
		trp_spin_learn(&spin, true);
	cr_assert_eq(trp_spin_budget(&spin, 0), TRP_SPIN_MOST_NS);
}

Test(spin, failure_shortens_down_to_nothing)
{
	struct trp_spin spin = heard_from_other_core(NULL);

	trp_spin_learn(&spin, false);
	cr_assert_eq(trp_spin_budget(&spin, 0), TRP_SPIN_FIRST_NS / 2);
	for (int i = 0; i < 3; i++)
		trp_spin_learn(&spin, false);
	cr_assert_eq(trp_spin_budget(&spin, 0), 0);
}

static int sleeps_until_trial(struct trp_spin *spin)
{
	for (int sleeps = 1; sleeps < 100000; sleeps++)
		if (trp_spin_budget(spin, 0))
			return sleeps;
	return -1;
}

Test(spin, is_tried_again_after_a_while)
{
	struct trp_spin spin = heard_from_other_core(NULL);

	for (int i = 0; i < 2; i++)
		trp_spin_learn(&spin, false);
	cr_assert_eq(sleeps_until_trial(&spin), TRP_SPIN_TRIAL_AFTER);
	trp_spin_learn(&spin, false);
	cr_assert_eq(sleeps_until_trial(&spin), 2 * TRP_SPIN_TRIAL_AFTER);
	trp_spin_learn(&spin, true);
	cr_assert_eq(sleeps_until_trial(&spin), 1);
	cr_assert_eq(trp_spin_budget(&spin, 0), TRP_SPIN_MOST_NS);
}

/* Otherwise two sleeping processes would never find out. */
Test(spin, a_trial_is_as_long_as_a_wake_takes)
{
	struct trp_spin spin = heard_from_other_core(NULL);
	uint32_t budget = 0;

	for (int i = 0; i < 4; i++)
		trp_spin_learn(&spin, false);
	while (!budget)
		budget = trp_spin_budget(&spin, 0);
	cr_assert_eq(budget, TRP_SPIN_MOST_NS);
	cr_assert_geq(budget, 40000);
}

Test(spin, stops_at_once_where_there_is_no_core_to_spare)
{
	struct trp_spin spin = heard_from_other_core(NULL);

	for (int i = 0; i < 10; i++)
		trp_spin_learn(&spin, true);
	trp_spin_was_preempted(&spin);
	cr_assert_eq(trp_spin_budget(&spin, 0), 0);
	cr_assert_geq(sleeps_until_trial(&spin), TRP_SPIN_TRIAL_AFTER);
}

Test(spin, trials_that_fail_become_rare)
{
	struct trp_spin spin = heard_from_other_core(NULL);
	unsigned spent = 0;

	for (int i = 0; i < 1000000; i++) {
		if (!trp_spin_budget(&spin, 0))
			continue;
		trp_spin_learn(&spin, false);
		spent++;
	}
	cr_assert_leq(spent, 20 + 1000000 / TRP_SPIN_TRIAL_MOST);
}

Test(spin, yields_to_a_sender_on_the_same_core_and_to_no_other)
{
	struct trp_spin spin = heard_from_other_core(NULL);
	struct trp_spin never = heard_from_other_core("never");

	cr_assert(trp_spin_may_yield(&spin, 1));
	cr_assert_not(trp_spin_may_yield(&spin, 0));
	cr_assert_not(trp_spin_may_yield(&never, 1));
}

Test(spin, yields_while_it_pays_and_tries_again_less_and_less)
{
	struct trp_spin spin = heard_from_other_core(NULL);
	unsigned yields = 0;

	for (int i = 0; i < 100; i++) {
		cr_assert(trp_spin_may_yield(&spin, 1));
		trp_spin_learn_yield(&spin, true, 1000);
	}
	for (int i = 0; i < TRP_SPIN_CREDIT; i++) {
		cr_assert(trp_spin_may_yield(&spin, 1));
		trp_spin_learn_yield(&spin, false, 1000);
	}
	/* However often it has paid, it is forgotten after a bound. */
	cr_assert_not(trp_spin_may_yield(&spin, 1));
	for (int i = 0; i < 1000000; i++) {
		if (!trp_spin_may_yield(&spin, 1))
			continue;
		trp_spin_learn_yield(&spin, false, 1000);
		yields++;
	}
	cr_assert_geq(yields, 7);
	cr_assert_leq(yields, 20 + 1000000 / TRP_SPIN_TRIAL_MOST);
	while (!trp_spin_may_yield(&spin, 1))
		;
	trp_spin_learn_yield(&spin, true, 1000);
	cr_assert(trp_spin_may_yield(&spin, 1));
}

/* The time of a few messages of others is short; a time slice is not. */
Test(spin, a_yield_pays_when_the_bell_is_rung_soon)
{
	struct trp_spin soon = heard_from_other_core(NULL);
	struct trp_spin late = heard_from_other_core(NULL);

	for (int i = 0; i < 10; i++) {
		trp_spin_learn_yield(&soon, true, 100000);
		trp_spin_learn_yield(&late, true, 1000000);
	}
	cr_assert(trp_spin_may_yield(&soon, 1));
	cr_assert_not(trp_spin_may_yield(&late, 1));
}
