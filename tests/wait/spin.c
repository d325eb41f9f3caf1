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

	for (int i = 0; i < 4; i++)
		trp_spin_learn(&spin, false);
	cr_assert_eq(sleeps_until_trial(&spin), TRP_SPIN_TRIAL_AFTER);
	trp_spin_learn(&spin, false);
	cr_assert_eq(sleeps_until_trial(&spin), TRP_SPIN_TRIAL_AFTER);
	trp_spin_learn(&spin, true);
	cr_assert_eq(sleeps_until_trial(&spin), 1);
}

Test(spin, does_as_the_environment_says)
{
	struct trp_spin never = heard_from_other_core("never");
	struct trp_spin always = heard_from_other_core("always");

	cr_assert_eq(trp_spin_budget(&never, 0), 0);
	cr_assert_eq(trp_spin_budget(&always, 0), TRP_SPIN_ALWAYS_NS);
}
