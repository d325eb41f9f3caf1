/* SPDX-License-Identifier: MIT */
#include "runtime/election/leadership.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "runtime/election/dialect.h"

/*
 * Records form a lattice: the higher term wins, two leaders of one term void
 * it.  Each node keeps the join of all records heard, so the term never falls,
 * and the order of messages does not matter.
 */

#define TERM_DIGITS  16
#define RECORD_SHAPE "%016llx %c%s;%s"

#define TERM_MAX ((UINT64_C(1) << 47) - 1)
static_assert(TERM_MAX <= INT64_MAX >> 16, "a positive fence, with 16 of name");

int trp_leadership_init(struct trp_leadership *leadership, const char *node,
			uint64_t floor, bool is_roving)
{
	if (strlen(node) > TRP_WIRE_NAME_MAX || strchr(node, ';'))
		return -EINVAL;
	*leadership = (struct trp_leadership) { .is_roving = is_roving,
						.floor = floor ? floor : 1,
						.leader_heard = TRP_LONG_AGO,
						.leader_listed = TRP_LONG_AGO };
	strcpy(leadership->node, node);
	return 0;
}

void trp_leadership_check(const struct trp_leadership *leadership)
{
	bool is_held = leadership->state == TRP_LEADERSHIP_HELD;

	assert(is_held == (leadership->leader[0] != '\0'));
	assert(!leadership->has_claimed ||
	       strcmp(leadership->leader, leadership->node) == 0);
	assert(!leadership->is_running ||
	       (leadership->has_claimed && !leadership->has_left));
	assert(leadership->term || !is_held);
}

/* ---- records ------------------------------------------------------------ */

static int read_term(const char *text, uint64_t *ret_term)
{
	static const char digits[] = "0123456789abcdef";
	uint64_t term = 0;
	const char *digit;

	for (int i = 0; i < TERM_DIGITS; i++) {
		digit = text[i] ? strchr(digits, text[i]) : NULL;
		if (!digit)
			return -EBADMSG;
		term = term << 4 | (uint64_t)(digit - digits);
	}
	if (term > TERM_MAX)
		return -EBADMSG;
	*ret_term = term;
	return 0;
}

static enum trp_leadership_state state_of(uint64_t term, bool is_void)
{
	if (is_void)
		return TRP_LEADERSHIP_VOID;
	return term ? TRP_LEADERSHIP_HELD : TRP_LEADERSHIP_NONE;
}

int trp_leadership_read(const struct trp_scalar *value,
			struct trp_leadership_record *ret_record)
{
	struct trp_leadership_record record = { .rest.type = TRP_SCALAR_TEXT };
	const char *text = value->span.data, *name, *end;
	size_t length;
	int r;

	if (value->type != TRP_SCALAR_TEXT ||
	    value->span.length < TERM_DIGITS + 3)
		return -EBADMSG;
	r = read_term(text, &record.term);
	name = text + TERM_DIGITS + 2;
	if (r < 0 || name[-2] != ' ' || (name[-1] != '0' && name[-1] != '1'))
		return -EBADMSG;
	end = memchr(name, ';', value->span.length - TERM_DIGITS - 2);
	if (!end || end - name > TRP_WIRE_NAME_MAX)
		return -EBADMSG;
	length = (size_t)(end - name);
	memcpy(record.leader, name, length);
	record.state = state_of(record.term, name[-1] == '1');
	if ((record.state == TRP_LEADERSHIP_HELD) != (length > 0) ||
	    memchr(name, '\0', length))
		return -EBADMSG;
	record.rest.span.data = end + 1;
	record.rest.span.length = value->span.length - (size_t)(end + 1 - text);
	*ret_record = record;
	return 0;
}

static void take_over(struct trp_leadership *leadership,
		      const struct trp_leadership_record *record)
{
	assert(record->term > leadership->term);
	leadership->term = record->term;
	leadership->state = record->state;
	strcpy(leadership->leader, record->leader);
	leadership->leader_heard = TRP_LONG_AGO;
	leadership->leader_listed = TRP_LONG_AGO;
	leadership->has_claimed = false;
	leadership->is_running = false;
}

/* Two records of one term that differ. */
static void make_void(struct trp_leadership *leadership)
{
	leadership->state = TRP_LEADERSHIP_VOID;
	leadership->leader[0] = '\0';
	leadership->has_claimed = false;
	leadership->is_running = false;
}

static void join(struct trp_leadership *leadership,
		 const struct trp_leadership_record *record)
{
	if (record->term > leadership->term)
		take_over(leadership, record);
	else if (record->term == leadership->term && leadership->term &&
		 strcmp(record->leader, leadership->leader) != 0)
		make_void(leadership);
}

static bool is_listed(const struct trp_beacon *beacon, const char *name,
		      size_t *ret_count)
{
	bool is_there = false;
	const char *listed;
	size_t i;

	for (i = 0; (listed = trp_beacon_listed(beacon, i)); i++)
		is_there |= strcmp(listed, name) == 0;
	*ret_count = i;
	return is_there;
}

/* Called before anything that may change the list. */
static void look(struct trp_leadership *leadership,
		 const struct trp_beacon *beacon, struct trp_time now)
{
	size_t count;

	if (is_listed(beacon, leadership->leader, &count))
		leadership->leader_listed = now;
}

static void hear(struct trp_leadership *leadership,
		 const struct trp_wire *message, struct trp_time now)
{
	struct trp_leadership_record record;
	const struct trp_scalar *text;
	struct trp_scalar space;

	if (message->type == TRP_WIRE_INIT)
		return;
	text = trp_dialect_text(&message->value, &message->note, &space);
	if (text && trp_leadership_read(text, &record) == 0)
		join(leadership, &record);
	if (message->type == TRP_WIRE_PING &&
	    strcmp(message->node, leadership->leader) == 0)
		leadership->leader_heard = now;
}

/* ---- claiming ----------------------------------------------------------- */

static bool leads(const struct trp_leadership *leadership)
{
	return leadership->state == TRP_LEADERSHIP_HELD &&
	       strcmp(leadership->leader, leadership->node) == 0;
}

/*
 * Off the list for longer than an eager leader takes to return.  Or, as an
 * unbounded list keeps dead nodes, silent for as long as a whole round of the
 * list takes.
 */
static bool is_leader_gone(const struct trp_leadership *leadership,
			   const struct trp_beacon *beacon, struct trp_time now)
{
	int64_t turn_ns = trp_beacon_cycle_max_ns(beacon);
	int64_t silent_ns = now.ns - leadership->leader_heard.ns;
	int64_t unlisted_ns = now.ns - leadership->leader_listed.ns;
	const struct trp_wire_config *config = trp_beacon_config(beacon);
	int64_t back_ns =
		(int64_t)((config->cycle_s + config->gap_s / 2) * 1e9);
	size_t count;

	if (!is_listed(beacon, leadership->leader, &count))
		return silent_ns > turn_ns && unlisted_ns > back_ns;
	if (config->nodes > 0)
		return false;
	return silent_ns > (int64_t)(count + 1) * turn_ns;
}

static void claim(struct trp_leadership *leadership)
{
	leadership->term =
		leadership->term ? leadership->term + 1 : leadership->floor;
	leadership->state = TRP_LEADERSHIP_HELD;
	leadership->has_claimed = true;
	leadership->is_running = false;
	strcpy(leadership->leader, leadership->node);
}

static bool wants_to_claim(const struct trp_leadership *leadership,
			   const struct trp_beacon *beacon, struct trp_time now)
{
	if (leadership->term >= TERM_MAX || leadership->has_left)
		return false;
	if (leadership->is_roving || leadership->state != TRP_LEADERSHIP_HELD)
		return true;
	if (leads(leadership))
		return !leadership->has_claimed; /* that was in another life */
	return is_leader_gone(leadership, beacon, now);
}

int trp_leadership_announce(struct trp_leadership *leadership,
			    const struct trp_beacon *beacon, bool may_become_it,
			    struct trp_time now, const char *rest, char *space,
			    size_t size)
{
	int length;

	look(leadership, beacon, now);
	if (may_become_it && wants_to_claim(leadership, beacon, now))
		claim(leadership);
	TRP_CHECK(trp_leadership_check(leadership));
	length = snprintf(space, size, RECORD_SHAPE,
			  (unsigned long long)leadership->term,
			  leadership->state == TRP_LEADERSHIP_VOID ? '1' : '0',
			  leadership->leader, rest);
	return (size_t)length < size ? length : -ENOSPC;
}

void trp_leadership_event(struct trp_leadership *leadership,
			  const struct trp_beacon *beacon,
			  const struct trp_beacon_event *event,
			  struct trp_time now)
{
	switch (event->type) {
	case TRP_BEACON_RAW:
		look(leadership, beacon, now);
		hear(leadership, event->message, now);
		break;
	case TRP_BEACON_TAG:
		leadership->is_running = leads(leadership) &&
					 leadership->has_claimed &&
					 !leadership->has_left;
		break;
	case TRP_BEACON_UNTAG:
	case TRP_BEACON_DETAG:
		if (leadership->is_roving)
			leadership->is_running = false;
		break;
	case TRP_BEACON_FAILED:
		/* Another node uses this name: a new term. */
		trp_leadership_resign(leadership);
		break;
	case TRP_BEACON_PING:
	case TRP_BEACON_GOOD_NODE:
	case TRP_BEACON_RECOVER:
	case TRP_BEACON_SETUP:
	case TRP_BEACON_DEAF:
	case TRP_BEACON_CLASH:
	case TRP_BEACON_EVENTS:
		break;
	}
	TRP_CHECK(trp_leadership_check(leadership));
}

void trp_leadership_resign(struct trp_leadership *leadership)
{
	leadership->has_claimed = false;
	leadership->is_running = false;
}

void trp_leadership_stop(struct trp_leadership *leadership)
{
	leadership->has_left = true;
	leadership->is_running = false;
}

bool trp_leadership_may_run(const struct trp_leadership *leadership)
{
	return leadership->is_running;
}

/* FNV-1a, folded: tells two leaders of one term apart. */
static uint64_t name_bits(const char *name)
{
	uint32_t hash = 2166136261u;

	for (; *name; name++)
		hash = (hash ^ (uint8_t)*name) * 16777619u;
	return (hash ^ hash >> 16) & 0xffff;
}

uint64_t trp_leadership_fence(const struct trp_leadership *leadership)
{
	if (!leadership->is_running)
		return 0;
	assert(leads(leadership));
	return leadership->term << 16 | name_bits(leadership->node);
}
