/* SPDX-License-Identifier: MIT */
#include "ipc/spin.h"

#include <assert.h>
#include <string.h>

static const char *const mode_name[] = {
	[TRP_SPIN_AUTO] = "auto",
	[TRP_SPIN_NEVER] = "never",
	[TRP_SPIN_ALWAYS] = "always",
};
enum { MODES = sizeof(mode_name) / sizeof(mode_name[0]) };

/* MODES: there is no such mode. */
static unsigned find_mode(const char *name)
{
	unsigned i;

	if (!name || !*name)
		return TRP_SPIN_AUTO;
	for (i = 0; i < MODES && strcmp(mode_name[i], name) != 0; i++)
		;
	return i;
}

bool trp_spin_is_mode(const char *mode)
{
	return find_mode(mode) < MODES;
}

static enum trp_spin_mode mode_of(const char *name)
{
	unsigned mode = find_mode(name);

	return mode < MODES ? (enum trp_spin_mode)mode : TRP_SPIN_AUTO;
}

void trp_spin_init(struct trp_spin *spin, const char *mode)
{
	*spin = (struct trp_spin) {
		.mode = mode_of(mode),
		.sender_cpu = -1,
		.budget_ns = TRP_SPIN_FIRST_NS,
		.credit = 1,
		.spinning.after = TRP_SPIN_TRIAL_AFTER,
		.yielding.after = TRP_SPIN_TRIAL_AFTER,
	};
}

static bool is_due(struct trp_trial *trial)
{
	if (++trial->sleeps < trial->after)
		return false;
	trial->sleeps = 0;
	return true;
}

static void learn_trial(struct trp_trial *trial, bool has_won)
{
	if (has_won)
		trial->after = TRP_SPIN_TRIAL_AFTER;
	else if (trial->after < TRP_SPIN_TRIAL_MOST)
		trial->after *= 2;
	assert(trial->after >= TRP_SPIN_TRIAL_AFTER);
	assert(trial->after <= TRP_SPIN_TRIAL_MOST);
}

static uint32_t learned_budget(struct trp_spin *spin)
{
	if (spin->budget_ns)
		return spin->budget_ns;
	return is_due(&spin->spinning) ? TRP_SPIN_MOST_NS : 0;
}

uint32_t trp_spin_budget(struct trp_spin *spin, int own_cpu)
{
	if (spin->mode == TRP_SPIN_NEVER || spin->sender_cpu == own_cpu)
		return 0;
	if (spin->mode == TRP_SPIN_ALWAYS)
		return TRP_SPIN_ALWAYS_NS;
	return spin->sender_cpu < 0 ? 0 : learned_budget(spin);
}

/* A trial that was won starts at the most, one that was lost at nothing. */
void trp_spin_learn(struct trp_spin *spin, bool has_won)
{
	uint32_t budget = spin->budget_ns;

	if (budget == 0) {
		learn_trial(&spin->spinning, has_won);
		budget = has_won ? TRP_SPIN_MOST_NS : 0;
	} else {
		budget = has_won ? budget * 2 : budget / 2;
	}
	if (budget > TRP_SPIN_MOST_NS)
		budget = TRP_SPIN_MOST_NS;
	if (budget < TRP_SPIN_LEAST_NS)
		budget = 0;
	assert(!has_won || budget);
	spin->budget_ns = budget;
}

void trp_spin_was_preempted(struct trp_spin *spin)
{
	spin->budget_ns = 0;
	learn_trial(&spin->spinning, false);
}

bool trp_spin_may_yield(struct trp_spin *spin, int own_cpu)
{
	if (spin->mode == TRP_SPIN_NEVER || spin->sender_cpu != own_cpu)
		return false;
	return spin->credit || is_due(&spin->yielding);
}

void trp_spin_learn_yield(struct trp_spin *spin, bool is_rung, int64_t took_ns)
{
	bool has_won = is_rung && took_ns < TRP_SPIN_SOON_NS;

	if (spin->credit == 0)
		learn_trial(&spin->yielding, has_won);
	if (!has_won)
		spin->credit -= spin->credit > 0;
	else if (spin->credit < TRP_SPIN_CREDIT)
		spin->credit++;
	assert(spin->credit <= TRP_SPIN_CREDIT && (spin->credit || !has_won));
}
