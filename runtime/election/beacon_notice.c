/* SPDX-License-Identifier: MIT */
#include "runtime/election/beacon_notice.h"

#include <assert.h>
#include <stdlib.h>

#include "runtime/election/beacon_output.h"

/*
 * Messages when two rotations meet.  Each member of a list would send one hist
 * about its head; it waits the longer, the further back it is in the list, and
 * stays silent if another was first.  So there is one for each side.  Unlike
 * the original, a hist counts as well as a ping, and a head that a side has
 * heard of within a gap is not announced to it again, except to a node that has
 * pinged for the first time.  The same holds for the RECOVER event: one for
 * each other side and heal.
 */

#define NOTICES_MAX 16
#define REPEATS_MAX 4 /* of one ping, so no ping can cause a flood */

int64_t trp_beacon_notice_stagger_ns(const struct trp_beacon *beacon,
				     size_t place)
{
	double share = 1 - trp_beacon_halved(place);

	return (int64_t)(share * (double)trp_beacon_gap_ns(beacon));
}

static void notice_free(struct trp_notice *notice)
{
	for (size_t i = 0; i < notice->count; i++) {
		assert(notice->at[i]->pins > 0);
		notice->at[i]->pins--;
	}
	free(notice);
}

void trp_beacon_notice_cancel(struct trp_beacon *beacon,
			      const struct trp_beacon_peer *head)
{
	struct trp_notice **at, *notice;

	for (at = &beacon->notices; *at; at = &(*at)->next) {
		notice = *at;
		if (notice->at[0] != head || notice->is_firm)
			continue;
		*at = notice->next;
		notice_free(notice);
		return;
	}
}

void trp_beacon_notice_drop(struct trp_beacon *beacon)
{
	struct trp_notice *notice;

	beacon->repeat_due = TRP_NEVER;
	while ((notice = beacon->notices)) {
		beacon->notices = notice->next;
		notice_free(notice);
	}
}

static bool may_add_notice(const struct trp_beacon *beacon,
			   const struct trp_beacon_peer *head)
{
	const struct trp_notice *notice;
	size_t count = 0;

	for (notice = beacon->notices; notice; notice = notice->next)
		if (notice->at[0] == head || ++count == NOTICES_MAX)
			return false;
	return true;
}

static struct trp_notice *notice_new(const struct trp_beacon *beacon)
{
	const struct trp_rotation *rotation = &beacon->rotation;
	size_t i, count = (size_t)beacon->config.splits;
	struct trp_notice *notice;

	if (count > rotation->count)
		count = rotation->count;
	assert(count > 0);
	notice = malloc(sizeof(*notice) +
			count * sizeof(struct trp_beacon_peer *));
	if (!notice)
		return NULL;
	notice->count = count;
	for (i = 0; i < count; i++) {
		notice->at[i] = rotation->at[i];
		notice->at[i]->pins++;
	}
	return notice;
}

static void send_notice(struct trp_beacon *beacon, struct trp_notice *notice,
			struct trp_time now)
{
	notice->at[0]->told = now;
	trp_beacon_output_list(beacon, TRP_WIRE_HIST, notice->at,
			       notice->count);
	notice_free(notice);
}

static void add_notice(struct trp_beacon *beacon, struct trp_time due,
		       bool is_firm)
{
	struct trp_notice *notice;

	if (!may_add_notice(beacon, trp_rotation_head(&beacon->rotation)))
		return;
	notice = notice_new(beacon);
	if (!notice) {
		beacon->counts.lost++;
		return;
	}
	notice->due = due;
	notice->is_firm = is_firm;
	notice->next = beacon->notices;
	beacon->notices = notice;
}

void trp_beacon_notice_add(struct trp_beacon *beacon, size_t place,
			   struct trp_time now)
{
	int64_t wait_ns = trp_beacon_notice_stagger_ns(beacon, place);

	/* Not at once: a ping of this side may be in flight. */
	if (place == 0)
		wait_ns = trp_beacon_crossing_ns(beacon);
	add_notice(beacon, trp_after(now, wait_ns), false);
}

/* After the messages of the others, and those about our ping. */
void trp_beacon_notice_concede(struct trp_beacon *beacon, struct trp_time now)
{
	add_notice(beacon, trp_after(now, trp_beacon_answer_ns(beacon)), true);
}

void trp_beacon_notice_repeat(struct trp_beacon *beacon, size_t place,
			      struct trp_time now)
{
	int64_t wait_ns = trp_beacon_crossing_ns(beacon);

	if (place > 0)
		trp_beacon_notice_add(beacon, place, now);
	else if (beacon->repeat_due.ns == TRP_NEVER.ns &&
		 beacon->repeats++ < REPEATS_MAX)
		beacon->repeat_due = trp_after(now, wait_ns);
}

static void repeat_ping(struct trp_beacon *beacon)
{
	const struct trp_rotation *rotation = &beacon->rotation;

	beacon->repeat_due = TRP_NEVER;
	if (trp_rotation_head(rotation) == beacon->me)
		trp_beacon_output_list(beacon, TRP_WIRE_PING, rotation->at,
				       rotation->count);
}

void trp_beacon_notice_send(struct trp_beacon *beacon, struct trp_time now)
{
	struct trp_notice **at = &beacon->notices, *notice;

	if (beacon->repeat_due.ns <= now.ns)
		repeat_ping(beacon);
	while (*at) {
		notice = *at;
		if (notice->due.ns > now.ns) {
			at = &notice->next;
			continue;
		}
		*at = notice->next;
		send_notice(beacon, notice, now);
	}
}
