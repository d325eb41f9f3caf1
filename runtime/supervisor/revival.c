/* SPDX-License-Identifier: MIT */
#include "runtime/supervisor/revival.h"

#include <errno.h>
#include <sys/random.h>
#include "runtime/control/control.pb-c.h"
#include "runtime/supervisor/asleep.h"
#include "runtime/supervisor/child_address.h"
#include "runtime/supervisor/exit.h"
#include "runtime/supervisor/supervisor.h"
#include "runtime/troupe_restart.h"
#include "serialize/message.h"

const struct trp_restart_rules *trp_revival_rules = &trp_restart_policy_rules;

static struct trp_child *child_of(struct trp_supervisor *supervisor,
				  uint32_t slot)
{
	return &supervisor->children.child[slot];
}

static bool is_clean(const struct troupe_end *end)
{
	return end->reason.cause == TROUPE_NORMAL ||
	       end->reason.cause == TROUPE_SHUTDOWN;
}

bool trp_revival_is_due(const struct trp_child *child,
			const struct troupe_end *end)
{
	return !child->is_told &&
	       (!is_clean(end) ||
		child->spawn->restart == TROUPE_RESTART_ALWAYS);
}

static void give_up(struct trp_supervisor *supervisor, uint32_t slot,
		    const struct troupe_end *end)
{
	struct trp_given_up *entry =
		&supervisor->given_up[supervisor->given_up_count++ %
				      TRP_GIVEN_UP];

	trp_child_address_title(&supervisor->children, slot, entry->title);
	entry->end = *end;
	entry->end.private_outcome = NULL;
	troupe_log(TROUPE_WARNING,
		   "%s has ended %d times in succession and is given up",
		   entry->title, trp_revival_rules->limit + 1);
}

int64_t trp_revival_pause(struct trp_supervisor *supervisor,
			  struct trp_restart_entry *entry)
{
	uint64_t random = 0;

	/* Without randomness the pauses have no jitter. */
	(void)!getrandom(&random, sizeof(random), GRND_NONBLOCK);
	return trp_restart_policy_ended(&supervisor->restarting, entry,
					troupe_now(), random);
}

void trp_revival_due(struct trp_supervisor *supervisor)
{
	struct trp_restart_entry *entry;

	while ((entry = trp_restart_policy_due(&supervisor->restarting,
					       troupe_now())))
		entry->start(entry);
}

static bool has_ended(struct trp_supervisor *supervisor, uint32_t slot,
		      const struct troupe_end *end)
{
	struct trp_child *child = child_of(supervisor, slot);
	/* It may have been asleep, and could not be started: it is as it was,
	 * and has its state and mail. */
	bool has_no_process = child->state == CHILD_DOWN ||
			      (child->is_unborn && child->starts);
	bool is_due = has_no_process ? !child->is_told
				     : child->spawn->restart &&
					       trp_revival_is_due(child, end);

	if (supervisor->is_ending || !is_due)
		return false;
	if (trp_revival_pause(supervisor, &child->entry) >= 0)
		return true;
	give_up(supervisor, slot, end);
	return false;
}

static void is_ready(struct trp_supervisor *supervisor, uint32_t slot)
{
	struct trp_child *child = child_of(supervisor, slot);

	if (child->state != CHILD_DOWN)
		trp_restart_policy_is_up(&supervisor->restarting,
					 &child->entry);
}

static void is_buried(struct trp_supervisor *supervisor, uint32_t slot)
{
	struct trp_child *child = child_of(supervisor, slot);

	trp_restart_policy_leave(&supervisor->restarting, &child->entry);
	troupe__control__spawn__free_unpacked(child->spawn, NULL);
	child->spawn = NULL;
	child->owner = NULL;
}

static void has_mail(struct trp_supervisor *supervisor, uint32_t slot)
{
	/* Otherwise it could not be started, and its pause is not over. */
	if (child_of(supervisor, slot)->entry.state == TRP_RESTART_UP)
		trp_exit_start_again(supervisor, slot);
}

static uint32_t state_of(const struct trp_child *child)
{
	return trp_asleep_is(child) ? TROUPE__GUEST__STATE__ASLEEP
				    : TROUPE__GUEST__STATE__DOWN;
}

static const struct trp_owner owner = {
	.ended = has_ended,
	.slept = trp_asleep_begin,
	.mail = has_mail,
	.state = state_of,
	.ready = is_ready,
	.buried = is_buried,
};

static void start(struct trp_restart_entry *entry)
{
	struct trp_supervisor *supervisor = entry->data;
	const struct trp_child *child =
		(void *)((char *)entry - offsetof(struct trp_child, entry));

	trp_exit_start_again(supervisor,
			     (uint32_t)(child - supervisor->children.child));
}

int trp_revival_own(struct trp_supervisor *supervisor, uint32_t slot,
		    const Troupe__Control__Spawn *spawn)
{
	struct trp_child *child = child_of(supervisor, slot);

	child->spawn = (Troupe__Control__Spawn *)trp_message_copy(&spawn->base);
	if (!child->spawn)
		return -ENOMEM;
	child->owner = &owner;
	child->entry.start = start;
	child->entry.data = supervisor;
	trp_restart_policy_join(&child->entry, trp_revival_rules, troupe_now());
	return 0;
}
