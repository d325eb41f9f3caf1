/* SPDX-License-Identifier: MIT */
#include "ipc/spin.h"

#include <string.h>

static enum trp_spin_mode mode_of(const char *name)
{
	if (name && strcmp(name, "always") == 0)
		return TRP_SPIN_ALWAYS;
	if (name && strcmp(name, "never") == 0)
		return TRP_SPIN_NEVER;
	return TRP_SPIN_AUTO;
}

void trp_spin_init(struct trp_spin *spin, const char *mode)
{
	*spin = (struct trp_spin) {
		.mode = mode_of(mode),
		.sender_cpu = -1,
		.budget_ns = TRP_SPIN_FIRST_NS,
	};
}

static uint32_t learned_budget(struct trp_spin *spin)
{
	if (spin->budget_ns)
		return spin->budget_ns;
	if (++spin->sleeps < TRP_SPIN_TRIAL_AFTER)
		return 0;
	spin->sleeps = 0;
	return TRP_SPIN_FIRST_NS;
}

uint32_t trp_spin_budget(struct trp_spin *spin, int own_cpu)
{
	if (spin->mode == TRP_SPIN_NEVER || spin->sender_cpu == own_cpu)
		return 0;
	if (spin->mode == TRP_SPIN_ALWAYS)
		return TRP_SPIN_ALWAYS_NS;
	return spin->sender_cpu < 0 ? 0 : learned_budget(spin);
}

/* A trial that was won starts at the first budget, one that was lost at 0. */
void trp_spin_learn(struct trp_spin *spin, bool has_won)
{
	uint32_t budget = spin->budget_ns;

	if (has_won)
		budget = budget ? budget * 2 : TRP_SPIN_FIRST_NS;
	else
		budget /= 2;
	if (budget > TRP_SPIN_MOST_NS)
		budget = TRP_SPIN_MOST_NS;
	if (budget < TRP_SPIN_LEAST_NS)
		budget = 0;
	spin->budget_ns = budget;
}
