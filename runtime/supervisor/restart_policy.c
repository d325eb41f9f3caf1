/* SPDX-License-Identifier: MIT */
#include "runtime/supervisor/restart_policy.h"

#include <assert.h>

/* So long a start that has not come up counts as under way. */
enum { START_MS = 10000 };

const struct trp_restart_rules trp_restart_policy_rules = {
	.first_ms = 100,
	.last_ms = 15000,
	.quiet_ms = 60000,
	.jitter_percent = 20,
	.limit = 20,
};
const struct trp_restart_rules trp_restart_policy_endless = {
	.first_ms = 100,
	.last_ms = 15000,
	.quiet_ms = 60000,
	.jitter_percent = 20,
	.limit = -1,
};

void trp_restart_policy_init(struct trp_restart_table *table, uint32_t most)
{
	assert(most);
	*table = (struct trp_restart_table) { .last = &table->first,
					      .most = most };
}

void trp_restart_policy_fini(struct trp_restart_table *table)
{
	trp_timers_fini(&table->timers);
	*table = (struct trp_restart_table) { 0 };
}

void trp_restart_policy_check(const struct trp_restart_table *table)
{
	struct trp_restart_entry *const *link = &table->first;
	uint32_t starting = 0;

	for (; *link; link = &(*link)->next)
		assert((*link)->state == TRP_RESTART_DUE &&
		       !(*link)->timer.place);
	assert(table->last == link);
	for (size_t i = 0; i < table->timers.count; i++) {
		const struct trp_restart_entry *entry =
			table->timers.at[i]->data;

		assert(entry->state == TRP_RESTART_STARTING ||
		       entry->state == TRP_RESTART_PAUSING);
		starting += entry->state == TRP_RESTART_STARTING;
	}
	assert(starting == table->under_way && starting <= table->most);
	trp_timers_check(&table->timers);
}

void trp_restart_policy_join(struct trp_restart_entry *entry,
			     const struct trp_restart_rules *rules,
			     struct troupe_time now)
{
	assert(entry->state == TRP_RESTART_NONE);
	entry->rules = rules;
	entry->state = TRP_RESTART_UP;
	entry->in_succession = 0;
	entry->since = now.ns;
	entry->timer.data = entry;
}

static void make_due(struct trp_restart_table *table,
		     struct trp_restart_entry *entry)
{
	entry->state = TRP_RESTART_DUE;
	entry->next = NULL;
	*table->last = entry;
	table->last = &entry->next;
}

void trp_restart_policy_begin(struct trp_restart_table *table,
			      struct trp_restart_entry *entry,
			      const struct trp_restart_rules *rules)
{
	trp_restart_policy_join(entry, rules, TROUPE_POLL);
	make_due(table, entry);
}

void trp_restart_policy_is_up(struct trp_restart_table *table,
			      struct trp_restart_entry *entry)
{
	assert(entry->state == TRP_RESTART_STARTING ||
	       entry->state == TRP_RESTART_UP);
	table->under_way -= entry->state == TRP_RESTART_STARTING;
	entry->state = TRP_RESTART_UP;
	trp_timers_cancel(&table->timers, &entry->timer);
}

void trp_restart_policy_leave(struct trp_restart_table *table,
			      struct trp_restart_entry *entry)
{
	struct trp_restart_entry **link = &table->first;

	table->under_way -= entry->state == TRP_RESTART_STARTING;
	trp_timers_cancel(&table->timers, &entry->timer);
	if (entry->state == TRP_RESTART_DUE) {
		while (*link != entry)
			link = &(*link)->next;
		*link = entry->next;
		if (!*link)
			table->last = link;
	}
	entry->state = TRP_RESTART_NONE;
}

static int64_t pause_of(const struct trp_restart_entry *entry, uint64_t random)
{
	const struct trp_restart_rules *rules = entry->rules;
	int64_t ms = rules->first_ms, ns;

	for (int32_t i = 0; i < entry->in_succession && ms < rules->last_ms;
	     i++)
		ms *= 2;
	ns = (ms < rules->last_ms ? ms : rules->last_ms) * INT64_C(1000000);
	return ns - (int64_t)(random %
			      (uint64_t)(ns / 100 * rules->jitter_percent + 1));
}

int64_t trp_restart_policy_ended(struct trp_restart_table *table,
				 struct trp_restart_entry *entry,
				 struct troupe_time now, uint64_t random)
{
	const struct trp_restart_rules *rules = entry->rules;
	int64_t pause;

	trp_restart_policy_is_up(table, entry);
	if (now.ns - entry->since >= rules->quiet_ms * INT64_C(1000000))
		entry->in_succession = 0;
	if (rules->limit >= 0 && entry->in_succession >= rules->limit) {
		entry->state = TRP_RESTART_GIVEN_UP;
		return -1;
	}
	pause = pause_of(entry, random);
	entry->in_succession += entry->in_succession < INT32_MAX;
	entry->state = TRP_RESTART_PAUSING;
	/* Without memory for a pause there is none. */
	if (trp_timers_start(&table->timers, &entry->timer,
			     (struct troupe_time) { now.ns + pause }) < 0)
		make_due(table, entry);
	TRP_CHECK(trp_restart_policy_check(table));
	return pause;
}

static void end_pauses(struct trp_restart_table *table, struct troupe_time now)
{
	struct troupe_timer *timer;

	while ((timer = trp_timers_due(&table->timers, now))) {
		struct trp_restart_entry *entry = timer->data;

		if (entry->state == TRP_RESTART_STARTING)
			trp_restart_policy_is_up(table, entry);
		else
			make_due(table, entry);
	}
}

static bool may_start(const struct trp_restart_table *table)
{
	return table->first && table->under_way < table->most;
}

struct trp_restart_entry *trp_restart_policy_due(
	struct trp_restart_table *table, struct troupe_time now)
{
	struct trp_restart_entry *entry;

	end_pauses(table, now);
	if (!may_start(table))
		return NULL;
	entry = table->first;
	table->first = entry->next;
	if (!table->first)
		table->last = &table->first;
	entry->since = now.ns;
	entry->state = TRP_RESTART_UP;
	if (trp_timers_start(&table->timers, &entry->timer,
			     (struct troupe_time) {
				     now.ns + START_MS * INT64_C(1000000) }) ==
	    0) {
		entry->state = TRP_RESTART_STARTING;
		table->under_way++;
	}
	return entry;
}

struct troupe_time trp_restart_policy_next(
	const struct trp_restart_table *table)
{
	return may_start(table) ? TROUPE_POLL : trp_timers_next(&table->timers);
}
