/* SPDX-License-Identifier: MIT */
#include "runtime/supervisor/totals.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "ipc/mailbox_unread.h"
#include "runtime/node/dead_letter.h"
#include "runtime/node/status.h"
#include "runtime/supervisor/asleep.h"
#include "runtime/supervisor/child_address.h"
#include "runtime/supervisor/supervisor.h"
#include "runtime/troupe_tree.h"

static struct trp_totals_entry *append(struct trp_totals *totals,
				       enum trp_totals_kind kind,
				       const char *label, size_t length)
{
	struct trp_totals_entry *entry =
		reallocarray(totals->entry, totals->count + 1, sizeof(*entry));

	if (!entry)
		return NULL;
	totals->entry = entry;
	entry += totals->count++;
	*entry = (struct trp_totals_entry) { .kind = kind };
	snprintf(entry->label, sizeof(entry->label), "%.*s", (int)length,
		 label);
	return entry;
}

int trp_totals_init(struct trp_totals *totals, const char *patterns)
{
	size_t length;

	if (!append(totals, TRP_TOTALS_NODE, "", 0))
		return -ENOMEM;
	for (; *patterns; patterns += length + (patterns[length] == ',')) {
		length = strcspn(patterns, ",");
		if (!length)
			continue;
		if (!append(totals, TRP_TOTALS_PATTERN, patterns, length))
			return -ENOMEM;
		totals->patterns++;
	}
	return 0;
}

void trp_totals_fini(struct trp_totals *totals)
{
	free(totals->entry);
	*totals = (struct trp_totals) { 0 };
}

/* ---- one process --------------------------------------------------------- */

/* Of this process, and not of one before it in that region. */
static const struct trp_status *status_of(struct trp_supervisor *supervisor,
					  uint32_t slot)
{
	const struct trp_child *child = &supervisor->children.child[slot];
	const struct trp_status *status =
		trp_status_last(&supervisor->node.arena,
				trp_child_ref(&supervisor->children, slot));
	uint64_t born = status ? trp_status_read(&status->born) : 0;

	return child->pid && (pid_t)born == child->pid &&
			       born >> 32 == child->incarnation
		       ? status
		       : NULL;
}

static void count(struct trp_supervisor *supervisor, uint32_t slot,
		  uint64_t sum[TRP_TOTALS])
{
	const struct trp_status *status = status_of(supervisor, slot);
	const struct trp_handling *handling;

	if (!status)
		return;
	sum[TRP_TOTAL_RECEIVED] = trp_status_read(&status->received);
	sum[TRP_TOTAL_SENT] = trp_status_read(&status->sent);
	sum[TRP_TOTAL_REFUSED] = trp_status_read(&status->refused);
	sum[TRP_TOTAL_DROPPED] = trp_status_read(&status->dropped);
	sum[TRP_TOTAL_UNWOKEN] = trp_status_read(&status->unwoken);
	handling = trp_handling_of(&supervisor->node.arena, slot,
				   trp_load_acquire(&status->handling));
	for (int i = 0; handling && i < TRP_HANDLING_BUCKETS; i++)
		sum[TRP_TOTAL_HANDLED + i] =
			trp_load_relaxed(&handling->count[i]);
	if (handling)
		sum[TRP_TOTAL_HANDLING_NS] = trp_load_relaxed(&handling->ns);
}

static void put_letters(uint64_t sum[TRP_TOTALS],
			const struct troupe_dead_counts *counts,
			const struct troupe_dead_counts *less)
{
	for (int i = 0; i < TROUPE_DEAD_CAUSES; i++)
		sum[TRP_TOTAL_LETTERS + i] =
			counts->by_cause[i] - less->by_cause[i];
	sum[TRP_TOTAL_UNTOLD] = counts->untold - less->untold;
}

static const struct troupe_dead_counts none;

static uint64_t cpu_ns(pid_t pid)
{
	struct timespec used;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) != 0 ||
	    clock_gettime(clock, &used) < 0)
		return 0;
	return (uint64_t)used.tv_sec * 1000000000 + (uint64_t)used.tv_nsec;
}

static void look(struct trp_supervisor *supervisor, uint32_t slot,
		 uint64_t sum[TRP_TOTALS])
{
	const struct trp_child *child = &supervisor->children.child[slot];
	const struct trp_arena *arena = &supervisor->node.arena;
	struct troupe_dead_counts letters;

	sum[TRP_TOTAL_RESTARTS] = child->restarts;
	sum[TRP_TOTAL_ASLEEP] = trp_asleep_is(child);
	sum[TRP_TOTAL_DOWN] =
		child->state == CHILD_DOWN && !trp_asleep_is(child);
	if (child->state != CHILD_RUNNING)
		return;
	sum[TRP_TOTAL_ALIVE] = 1;
	count(supervisor, slot, sum);
	if (!child->is_guest)
		sum[TRP_TOTAL_CPU_NS] = cpu_ns(child->pid);
	if (troupe_dead_letters_count(
		    trp_child_ref(&supervisor->children, slot), &letters) == 0)
		put_letters(sum, &letters, &none);
	sum[TRP_TOTAL_UNREAD_BYTES] =
		trp_mailbox_unread_of_others(arena, slot, slot) +
		trp_mailbox_unread_bytes(arena, slot, slot);
}

/* ---- where it counts ----------------------------------------------------- */

/* NULL: there is no memory, and it goes uncounted. */
static struct trp_totals_entry *class_of(struct trp_totals *totals,
					 const struct trp_child *child)
{
	const char *label = child->is_guest ? "(guest)" : child->of_class;

	for (size_t i = totals->patterns + 1; i < totals->count; i++)
		if (strcmp(totals->entry[i].label, label) == 0)
			return &totals->entry[i];
	if (totals->count <= totals->patterns + TRP_TOTALS_CLASSES)
		return append(totals, TRP_TOTALS_CLASS, label, strlen(label));
	label = "(others)";
	if (strcmp(totals->entry[totals->count - 1].label, label) != 0)
		return append(totals, TRP_TOTALS_CLASS, label, strlen(label));
	return &totals->entry[totals->count - 1];
}

static bool has_name(const struct trp_child *child, const char *pattern,
		     const char *address)
{
	if (fnmatch(pattern, address, 0) == 0)
		return true;
	for (const struct trp_registered *name = child->names; name;
	     name = name->next_of_holder)
		if (fnmatch(pattern, name->name, 0) == 0)
			return true;
	return false;
}

static void add(uint64_t to[TRP_TOTALS], const uint64_t more[TRP_TOTALS])
{
	for (int i = 0; i < TRP_TOTALS; i++)
		to[i] += more[i];
}

/* To what has ended, or to what is about to be told. */
static void add_to_all(struct trp_supervisor *supervisor, uint32_t slot,
		       const uint64_t more[TRP_TOTALS], size_t at)
{
	const struct trp_child *child = &supervisor->children.child[slot];
	struct trp_totals *totals = &supervisor->totals;
	struct trp_totals_entry *entry = class_of(totals, child);
	char address[TROUPE_ADDRESS_SIZE] = "";

	if (entry)
		add((uint64_t *)((char *)entry + at), more);
	if (totals->patterns)
		trp_child_address(&supervisor->children, slot, address,
				  sizeof(address));
	for (size_t i = 1; i <= totals->patterns; i++)
		if (has_name(child, totals->entry[i].label, address))
			add((uint64_t *)((char *)&totals->entry[i] + at), more);
}

/* ---- ends ---------------------------------------------------------------- */

void trp_totals_ending(struct trp_supervisor *supervisor)
{
	trp_dead_letter_of_ended(&supervisor->totals.before);
}

static void put_process(struct trp_supervisor *supervisor, uint32_t slot,
			const struct troupe_end *end, uint64_t sum[TRP_TOTALS])
{
	count(supervisor, slot, sum);
	sum[TRP_TOTAL_CPU_NS] = (uint64_t)(end->user_ns + end->system_ns);
}

void trp_totals_slept(struct trp_supervisor *supervisor, uint32_t slot,
		      const struct troupe_end *end)
{
	uint64_t sum[TRP_TOTALS] = { 0 };

	if (!supervisor->totals.count)
		return;
	put_process(supervisor, slot, end, sum);
	add_to_all(supervisor, slot, sum,
		   offsetof(struct trp_totals_entry, ended));
}

void trp_totals_ended(struct trp_supervisor *supervisor, uint32_t slot,
		      const struct troupe_end *end, bool is_final)
{
	const struct trp_child *child = &supervisor->children.child[slot];
	struct troupe_dead_counts letters;
	uint64_t sum[TRP_TOTALS] = { 0 };

	if (!supervisor->totals.count)
		return;
	/* Where it was DOWN, that was counted. */
	if (child->state != CHILD_DOWN) {
		put_process(supervisor, slot, end, sum);
		if ((unsigned)end->reason.cause <= TROUPE_NOCONNECTION)
			sum[TRP_TOTAL_ENDS + end->reason.cause] = 1;
	}
	if (is_final)
		sum[TRP_TOTAL_RESTARTS] = child->restarts;
	trp_dead_letter_of_ended(&letters);
	put_letters(sum, &letters, &supervisor->totals.before);
	add_to_all(supervisor, slot, sum,
		   offsetof(struct trp_totals_entry, ended));
}

/* ---- telling ------------------------------------------------------------- */

static void put_node(struct trp_supervisor *supervisor)
{
	struct trp_totals_entry *node = &supervisor->totals.entry[0];
	struct troupe_dead_counts letters;

	if (troupe_dead_letters_count(0, &letters) == 0)
		put_letters(node->ended, &letters, &none);
	node->ended[TRP_TOTAL_UNWOKEN] = trp_status_read(&supervisor->unwoken);
	node->ended[TRP_TOTAL_CPU_NS] = cpu_ns(getpid());
}

void trp_totals_take(struct trp_supervisor *supervisor)
{
	struct trp_totals *totals = &supervisor->totals;
	uint64_t(*past)[TRP_TOTALS];
	size_t count;

	for (uint32_t slot = 1; slot < supervisor->children.slots; slot++)
		if (trp_child_is_alive(&supervisor->children.child[slot]))
			class_of(totals, &supervisor->children.child[slot]);
	count = totals->count;
	past = calloc(count, sizeof(*past));
	if (!past)
		return;
	put_node(supervisor);
	for (size_t i = 0; i < count; i++) {
		memcpy(past[i], totals->entry[i].told, sizeof(*past));
		memcpy(totals->entry[i].told, totals->entry[i].ended,
		       sizeof(*past));
	}
	for (uint32_t slot = 1; slot < supervisor->children.slots; slot++) {
		uint64_t sum[TRP_TOTALS] = { 0 };

		if (!trp_child_is_alive(&supervisor->children.child[slot]))
			continue;
		look(supervisor, slot, sum);
		add_to_all(supervisor, slot, sum,
			   offsetof(struct trp_totals_entry, told));
	}
	for (size_t i = 0; i < count; i++)
		for (int j = 0; j < TRP_TOTALS_FALL; j++)
			if (totals->entry[i].told[j] < past[i][j])
				totals->entry[i].told[j] = past[i][j];
	free(past);
}
