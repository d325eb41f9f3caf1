/* SPDX-License-Identifier: MIT */
#include "runtime/supervision/tree.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "runtime/control/control.pb-c.h"
#include "runtime/supervision/report.h"
#include "runtime/supervision/rules.h"
#include "runtime/supervisor/child_address.h"
#include "runtime/supervisor/exit.h"
#include "runtime/supervisor/notify.h"
#include "runtime/supervisor/readiness.h"
#include "runtime/supervisor/stop.h"
#include "runtime/supervisor/supervisor.h"
#include "runtime/troupe_supervise.h"

static void take(struct trp_supervision_tree *tree);

static struct trp_supervision_tree *tree_of(const struct trp_member *member)
{
	return (struct trp_supervision_tree *)member->parent;
}

static int64_t now_ms(void)
{
	return troupe_now().ns / 1000000;
}

/* ---- what a child tells -------------------------------------------------- */

/* Also frees one whose actor is gone, when its children are. */
static int take_later(struct troupe_timer *timer)
{
	struct trp_supervision_tree *tree = timer->data;

	take(tree);
	if (tree->parent.supervisor->is_ending) {
		trp_supervision_shut_down(&tree->rules);
		take(tree);
	}
	if (!tree->parent.slot && !tree->parent.slots)
		trp_supervision_tree_free(tree);
	return 0;
}

static void later(struct trp_supervision_tree *tree)
{
	/* There is room: see new_tree(). */
	trp_timers_start(&tree->parent.supervisor->timers, &tree->later,
			 TROUPE_POLL);
}

/* After the event that its end was. */
static bool is_kept(const struct trp_member *member)
{
	const struct trp_supervised *supervised = &member->supervised;

	/* Stopped by hand, it is kept until its parent is buried. */
	if (supervised->intent == TRP_WANT_HELD)
		return supervised->act != TRP_ACT_FORGET &&
		       member->parent->slot;
	return tree_of(member)->rules.phase < TRP_SUPERVISION_ENDING &&
	       supervised->act != TRP_ACT_FORGET &&
	       supervised->intent != TRP_WANT_REST;
}

/* The actions follow when the end has been told. */
static bool has_ended(struct trp_supervisor *supervisor, uint32_t slot,
		      const struct troupe_end *end)
{
	struct trp_member *member = supervisor->children.child[slot].owner_data;
	struct trp_supervision_tree *tree = tree_of(member);
	enum trp_supervised_end how = trp_member_kind(member, end);

	take(tree);
	trp_timers_cancel(&supervisor->timers, &member->limit);
	member->has_failed = false;
	member->last = end->reason;
	if (member->asker) {
		trp_member_answer(member, trp_readiness_error(end));
		how = TRP_END_NORMAL; /* it is forgotten */
	}
	trp_supervision_ended(&tree->rules, &member->supervised, how, now_ms());
	later(tree);
	supervisor->children.child[slot].is_parked =
		member->supervised.intent == TRP_WANT_HELD;
	trp_member_heed_mail(member);
	return is_kept(member);
}

static void is_ready(struct trp_supervisor *supervisor, uint32_t slot)
{
	struct trp_member *member = supervisor->children.child[slot].owner_data;
	struct trp_supervision_tree *tree = tree_of(member);

	take(tree);
	/* It may have died when the last of its own children had started. */
	if (member->supervised.state < TRP_STARTING)
		return;
	trp_timers_cancel(&supervisor->timers, &member->limit);
	trp_restart_policy_is_up(&supervisor->restarting, &member->entry);
	member->supervised.restart = member->restart;
	trp_member_answer(member, 0);
	trp_supervision_ready(&tree->rules, &member->supervised);
	take(tree);
}

/* It has no process, as if it had been stopped. */
static void is_at_rest(struct trp_member *member)
{
	struct trp_supervised *supervised = &member->supervised;

	trp_supervision_ended(&tree_of(member)->rules, supervised,
			      TRP_END_SHUTDOWN, now_ms());
	if (!is_kept(member) && supervised->act != TRP_ACT_FORGET)
		trp_member_bury(member);
}

static void has_declined(struct trp_supervisor *supervisor, uint32_t slot)
{
	struct trp_member *member = supervisor->children.child[slot].owner_data;
	struct trp_supervision_tree *tree = tree_of(member);
	uint32_t asked = supervisor->children.child[slot].asks;

	take(tree);
	if (member->supervised.state == TRP_STARTING)
		trp_supervision_declined(&tree->rules, &member->supervised,
					 asked == TROUPE_START_MAIL);
	else
		is_at_rest(member);
	trp_member_declined(member);
	take(tree);
}

static void has_slept(struct trp_supervisor *supervisor, uint32_t slot)
{
	struct trp_member *member = supervisor->children.child[slot].owner_data;
	struct trp_supervision_tree *tree = tree_of(member);

	take(tree);
	/* Its siblings are to stop, and it with them. */
	if (member->supervised.state == TRP_UP && !member->supervised.is_marked)
		trp_supervision_slept(&tree->rules, &member->supervised);
	else
		is_at_rest(member);
	trp_member_heed_mail(member);
	take(tree);
}

static void mail_waits(struct trp_supervisor *supervisor, uint32_t slot)
{
	trp_member_mail(supervisor->children.child[slot].owner_data);
}

static void is_buried(struct trp_supervisor *supervisor, uint32_t slot);

static const struct trp_owner owner = {
	.ended = has_ended,
	.declined = has_declined,
	.slept = has_slept,
	.mail = mail_waits,
	.ready = is_ready,
	.buried = is_buried,
	.keeps = true,
	.state = trp_member_told_state,
};

/* ---- actions ------------------------------------------------------------- */

/* It was added, and has not started: also its spec goes. */
static void drop_late(struct trp_member *member)
{
	struct trp_supervision_tree *tree = tree_of(member);

	trp_supervision_tree_order(tree, member,
				   TROUPE__CONTROL__CHILD_ORDER__STOP_CHILD);
	if (member->slot) { /* it is temporary, and forgotten when it ends */
		trp_notify_kill(tree->parent.supervisor, member->slot);
	} else {
		trp_supervision_delete(&tree->rules, &member->supervised);
		take(tree);
	}
}

static int start_is_late(struct troupe_timer *timer)
{
	struct trp_member *member = timer->data;
	struct trp_supervisor *supervisor = member->parent->supervisor;
	char title[TRP_TITLE_SIZE];

	/* Its time begins when its children have ended. */
	if (member->slot &&
	    supervisor->children.child[member->slot].state == CHILD_DOWN)
		return trp_timers_start(&supervisor->timers, timer,
					troupe_in_ms(member->start_ms));
	if (member->asker) {
		trp_member_answer(member, -ETIMEDOUT);
		drop_late(member);
		return 0;
	}
	troupe_log(TROUPE_WARNING,
		   "%s did not start within %d ms and is killed",
		   trp_member_title(member, title), member->start_ms);
	if (member->slot)
		trp_notify_kill(supervisor, member->slot);
	return 0;
}

/* Its pause is over; in order, others may come first. */
static void is_due(struct trp_restart_entry *entry)
{
	struct trp_member *member = entry->data;
	struct trp_supervision_tree *tree = tree_of(member);

	take(tree);
	if (member->decides)
		member->asks = TROUPE_START_RESTART;
	trp_supervision_due(&tree->rules, &member->supervised);
	take(tree);
	/* Not to be started yet; or it could not be, and waits again. */
	if (member->supervised.state != TRP_STARTING &&
	    entry->state == TRP_RESTART_STARTING)
		trp_restart_policy_is_up(&tree->parent.supervisor->restarting,
					 entry);
}

/* NULL: all that were given up start again. */
static int obey(struct trp_supervision_tree *tree, struct trp_member *member,
		Troupe__Control__ChildOrder what)
{
	int r;

	take(tree);
	r = member ? trp_supervision_rules_obey(&tree->rules,
						&member->supervised, what)
		   : trp_supervision_start_again(&tree->rules);
	if (r == 0 && member)
		trp_member_park(member);
	take(tree);
	return r == -ESHUTDOWN ? -ECANCELED : r;
}

/* As by hand, if the child says so. */
static void has_mail(struct trp_member *member)
{
	obey(tree_of(member), member,
	     TROUPE__CONTROL__CHILD_ORDER__START_CHILD);
}

/* All children are down, so their actor is told to stop, if it still runs. */
static void end(struct trp_supervision_tree *tree,
		const struct trp_supervision_action *action)
{
	Troupe__Control__Stop order = TROUPE__CONTROL__STOP__INIT;
	char text[TROUPE_TEXT_SIZE];
	struct trp_child *above;

	if (action->why == TRP_ENDED_BY_ORDER || tree->is_left ||
	    !tree->parent.slot)
		return;
	trp_supervision_report(tree->parent.supervisor, tree->parent.slot,
			       action);
	above = &tree->parent.supervisor->children.child[tree->parent.slot];
	if (above->owner == &owner && action->why == TRP_ENDED_BY_START)
		((struct trp_member *)above->owner_data)->has_failed = true;
	order.text = trp_supervision_report_why(action, text, &order.code);
	trp_supervisor_stop_with(tree->parent.supervisor, tree->parent.slot,
				 &order);
}

/* The result of a start or a stop, otherwise 0. */
static int perform(struct trp_supervision_tree *tree,
		   const struct trp_supervision_action *action)
{
	struct trp_member *member =
		action->child ? trp_member_of(action->child) : NULL;

	switch (action->act) {
	case TRP_ACT_START:
		return trp_member_start(member);
	case TRP_ACT_START_LATER:
		trp_member_start_later(member);
		break;
	case TRP_ACT_STOP:
		return trp_member_stop(member);
	case TRP_ACT_FORGET:
		trp_member_forget(member);
		break;
	case TRP_ACT_READY:
		trp_readiness_ready(tree->parent.supervisor, tree->parent.slot);
		break;
	case TRP_ACT_GAVE_UP:
		trp_supervision_report(tree->parent.supervisor,
				       tree->parent.slot, action);
		break;
	case TRP_ACT_END:
		end(tree, action);
		break;
	case TRP_ACT_NONE:
		assert(false);
	}
	return 0;
}

/* A start that failed; or a stop of one that is down, whatever is told. */
static void has_no_process(struct trp_member *member)
{
	enum trp_supervised_end how = TRP_END_UNBORN;

	member->last = trp_exit_seen(TRP_EXIT_UNBORN, member->error).reason;
	trp_timers_cancel(&member->parent->supervisor->timers, &member->limit);
	if (member->asker) {
		trp_member_answer(member, member->error);
		how = TRP_END_NORMAL; /* it is forgotten */
	}
	trp_supervision_ended(&tree_of(member)->rules, &member->supervised, how,
			      now_ms());
	trp_member_park(member);
}

/* Does what the last event wants, and what follows from that at once. */
static void take(struct trp_supervision_tree *tree)
{
	struct trp_supervision_action action;
	struct trp_member *member;
	int r;

	if (tree->is_taking)
		return;
	tree->is_taking = true;
	for (;;) {
		while (trp_supervision_next(&tree->rules, &action)) {
			r = perform(tree, &action);
			if (r == 0)
				continue;
			member = trp_member_of(action.child);
			member->error = r;
			member->failed = tree->failed;
			tree->failed = member;
		}
		member = tree->failed;
		if (!member)
			break;
		tree->failed = member->failed;
		has_no_process(member);
	}
	tree->is_taking = false;
	TRP_CHECK(trp_supervision_tree_check(tree));
}

void trp_supervision_tree_check(const struct trp_supervision_tree *tree)
{
	/* One that is forgotten may still be stopping. */
	assert(trp_member_check_all(tree->rules.first, &tree->parent) <=
	       tree->parent.slots);
	assert(!tree->failed && *tree->link == tree);
}

/* ---- the end of the actor that supervises -------------------------------- */

/* Its children are to stop: in order, and those without a spec at once. */
static void stop_group(struct trp_supervisor *supervisor, uint32_t slot,
		       bool is_kill)
{
	struct trp_child *children = supervisor->children.child;
	struct trp_supervision_tree *tree = children[slot].group_data;
	uint32_t next;

	tree->is_left = true;
	take(tree);
	trp_supervision_shut_down(&tree->rules);
	take(tree);
	trp_member_answer_all(tree->rules.first);
	trp_member_bury_all(tree->rules.first, false);
	for (uint32_t of = children[slot].first; of; of = next) {
		next = children[of].next; /* one that is DOWN ends at once */
		if (is_kill && children[of].state != CHILD_DOWN) {
			trp_notify_kill(supervisor, of);
		} else if (children[of].owner != &owner) {
			children[of].is_final = true;
			trp_supervisor_stop(supervisor, of);
		}
	}
}

void trp_supervision_tree_free(struct trp_supervision_tree *tree)
{
	*tree->link = tree->next;
	if (tree->next)
		tree->next->link = tree->link;
	trp_timers_cancel(&tree->parent.supervisor->timers, &tree->later);
	trp_member_free_all(tree->rules.first);
	tree->rules.first = NULL;
	trp_supervision_fini(&tree->rules);
	free(tree);
}

/* It is buried; its children may still be stopping. */
static void group_is_over(struct trp_supervisor *supervisor, uint32_t slot)
{
	struct trp_child *child = &supervisor->children.child[slot];
	struct trp_supervision_tree *tree = child->group_data;

	assert(tree->parent.slot == slot);
	child->group = NULL;
	child->group_data = NULL;
	tree->parent.slot = 0;
	trp_member_bury_all(tree->rules.first, true);
	later(tree);
}

static const struct trp_group group = {
	.stop = stop_group,
	.over = group_is_over,
};

static void is_buried(struct trp_supervisor *supervisor, uint32_t slot)
{
	struct trp_child *child = &supervisor->children.child[slot];
	struct trp_member *member = child->owner_data;
	struct trp_supervision_tree *tree = tree_of(member);

	assert(member->slot == slot && tree->parent.slots > 0);
	child->spawn = NULL;
	child->owner = NULL;
	child->owner_data = NULL;
	member->slot = 0;
	tree->parent.slots--;
	if (member->is_forgotten)
		trp_member_free(member);
	if (!tree->parent.slot)
		later(tree);
}

/* ---- the beginning ------------------------------------------------------- */

static int set_rules(struct trp_supervision_tree *tree,
		     const Troupe__Control__Supervise *wish)
{
	const struct trp_child *above =
		&tree->parent.supervisor->children.child[tree->parent.slot];
	struct trp_supervision_options options;
	int r = trp_supervision_rules_read(wish, &options,
					   &tree->parent.pauses);

	if (r < 0)
		return r;
	options.has_above = above->owner == &owner;
	return trp_supervision_init(&tree->rules, &options);
}

struct trp_member *trp_supervision_tree_find(struct trp_supervision_tree *tree,
					     const char *id)
{
	return trp_member_find(tree->rules.first, id);
}

/* held: what former lives left, by hand; one of that id goes on. */
static int add(struct trp_supervision_tree *tree, struct trp_supervised **held,
	       const Troupe__Control__Supervised *child)
{
	struct trp_supervised **link = held;
	struct trp_member *member;
	int r;

	if (!child->spawn ||
	    trp_supervision_tree_find(tree, child->spawn->child))
		return child->spawn ? -EEXIST : -EINVAL;
	while (*link &&
	       strcmp(trp_member_of(*link)->id, child->spawn->child) != 0)
		link = &(*link)->next;
	if (*link) {
		member = trp_member_of(*link);
		*link = (*link)->next;
	} else {
		member = trp_member_new(&tree->parent);
	}
	r = member ? trp_member_describe(member, child) : -ENOMEM;
	if (r == 0)
		r = trp_supervision_add(&tree->rules, &member->supervised);
	if (r < 0 && member)
		trp_member_forget(member);
	return r;
}

static struct trp_supervision_tree *new_tree(struct trp_supervision_tree **list,
					     struct trp_supervisor *supervisor,
					     uint32_t slot)
{
	struct trp_child *child = &supervisor->children.child[slot];
	struct trp_supervision_tree *tree = calloc(1, sizeof(*tree));

	if (!tree)
		return NULL;
	tree->parent = (struct trp_member_parent) {
		.supervisor = supervisor,
		.slot = slot,
		.owner = &owner,
		.due = is_due,
		.late = start_is_late,
		.mail = has_mail,
	};
	tree->later.fired = take_later;
	tree->later.data = tree;
	tree->next = *list;
	tree->link = list;
	if (*list)
		(*list)->link = &tree->next;
	*list = tree;
	child->group = &group;
	child->group_data = tree;
	return tree;
}

int trp_supervision_tree_begin(struct trp_supervision_tree **list,
			       struct trp_supervisor *supervisor, uint32_t slot,
			       const Troupe__Control__Supervise *wish)
{
	struct trp_supervision_tree *tree =
		supervisor->children.child[slot].group_data;
	struct trp_supervised *held = NULL, *next;
	int r;

	if (tree)
		take(tree);
	if (tree && tree->rules.phase != TRP_SUPERVISION_ENDED)
		return -EALREADY;
	if (tree) {
		held = trp_member_keep_held(tree->rules.first);
		trp_supervision_fini(&tree->rules);
	} else {
		tree = new_tree(list, supervisor, slot);
	}
	r = tree ? set_rules(tree, wish) : -ENOMEM;
	for (size_t i = 0; r == 0 && i < wish->n_child; i++)
		r = add(tree, &held, wish->child[i]);
	for (; held; held = next) {
		next = held->next;
		trp_member_forget(trp_member_of(held));
	}
	if (r < 0)
		return r;
	tree->is_left = false;
	trp_supervision_begin(&tree->rules);
	take(tree);
	return 0;
}

/* ---- by hand ------------------------------------------------------------- */

int trp_supervision_tree_add(struct trp_supervision_tree *tree,
			     const Troupe__Control__Supervised *child,
			     struct troupe_time deadline, troupe_ref asker,
			     uint64_t correlation)
{
	struct trp_supervised *none = NULL;
	struct trp_member *member;
	int r;

	take(tree);
	if (tree->rules.phase >= TRP_SUPERVISION_ENDING)
		return -ECANCELED;
	r = add(tree, &none, child);
	if (r < 0)
		return r;
	member = trp_supervision_tree_find(tree, child->spawn->child);
	/* Until it has started once, its end is no failure. */
	member->supervised.restart = TRP_TEMPORARY;
	member->asker = asker;
	member->correlation = correlation;
	if (deadline.ns != TROUPE_NEVER.ns)
		trp_timers_start(&tree->parent.supervisor->timers,
				 &member->limit, deadline);
	take(tree);
	return 0;
}

int trp_supervision_tree_order(struct trp_supervision_tree *tree,
			       struct trp_member *member,
			       Troupe__Control__ChildOrder what)
{
	if (member)
		member->asks = 0;
	return obey(tree, member, what);
}

struct trp_supervision_tree *trp_supervision_tree_of(
	const struct trp_child *child)
{
	return child->group == &group ? child->group_data : NULL;
}

struct trp_member *trp_supervision_tree_member(const struct trp_child *child)
{
	return child->owner == &owner ? child->owner_data : NULL;
}
