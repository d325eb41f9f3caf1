/* SPDX-License-Identifier: MIT */
#include "runtime/actor/call_table.h"

#include <assert.h>
#include <stdlib.h>
#include "ipc/hot.h"
#include "runtime/actor/call_number.h"

enum { PLACES_MAX = 1 << TRP_CALL_PLACE_BITS };

TRP_HOT struct trp_call_table trp_call_table = {
	.unwatched = { .last = &trp_call_table.unwatched.first },
	.refused = { .last = &trp_call_table.refused.first },
};

static struct trp_call_table *const calls = &trp_call_table;

/* ---- the table ----------------------------------------------------------- */

static uint32_t check_line(const struct trp_call_line *line)
{
	struct trp_call *const *link = &line->first;
	uint32_t count = 0;

	for (; *link; link = &(*link)->next, count++) {
		assert((*link)->link == link && (*link)->line == line);
		assert((*link)->proxy);
		assert(!(*link)->refusal == (line == &calls->unwatched));
		assert(!(*link)->next ||
		       (*link)->watch_at.ns <= (*link)->next->watch_at.ns);
	}
	assert(line->last == link);
	return count;
}

void trp_call_table_check(void)
{
	uint32_t pending = 0, lined = 0, spare = 0;

	for (uint32_t place = 0; place < calls->places; place++) {
		const struct trp_call *call = calls->at[place];

		assert(call->place == place &&
		       call->number <= calls->last_number);
		assert(call->proxy || (!call->timer.place && !call->line));
		pending += call->proxy != NULL;
		lined += call->line != NULL;
	}
	for (const struct trp_call *call = calls->free; call;
	     call = call->next_free)
		spare += !call->proxy;
	assert(pending == calls->pending && pending + spare == calls->places);
	assert(lined ==
	       check_line(&calls->unwatched) + check_line(&calls->refused));
	assert(!trp_self.status ||
	       !calls->unwatched.first ==
		       !trp_load_relaxed(&trp_self.status->has_unwatched));
}

static struct trp_call *add_place(void)
{
	struct trp_call **grown;
	struct trp_call *call;

	if (calls->places == PLACES_MAX)
		return NULL;
	if (calls->places == calls->room) {
		uint32_t room = calls->room ? 2 * calls->room : 16;

		grown = reallocarray(calls->at, room, sizeof(*calls->at));
		if (!grown)
			return NULL;
		calls->at = grown;
		calls->room = room;
	}
	call = calloc(1, sizeof(*call));
	if (!call)
		return NULL;
	call->place = calls->places;
	calls->at[calls->places++] = call;
	return call;
}

struct trp_call *trp_call_table_take(void)
{
	struct trp_call *call = calls->free;

	assert(!call || !call->proxy);
	if (call)
		calls->free = call->next_free;
	else
		call = add_place();
	if (!call)
		return NULL;
	call->number = calls->last_number = trp_call_number_next();
	calls->pending++;
	return call;
}

void trp_call_table_give_back(struct trp_call *call)
{
	assert(call->proxy && calls->pending > 0);
	calls->pending--;
	call->proxy = NULL;
	call->next_free = calls->free;
	calls->free = call;
}

void trp_call_table_leave(void)
{
	assert(!calls->unwatched.first && !calls->pending);
	for (uint32_t place = 0; place < calls->places; place++)
		free(calls->at[place]);
	trp_timers_fini(&calls->deadlines);
	free(calls->at);
	calls->at = NULL;
	calls->places = calls->room = 0;
	calls->free = NULL;
}

struct trp_call *trp_call_table_find(uint64_t correlation)
{
	uint32_t place = correlation & (PLACES_MAX - 1);

	if (place >= calls->places || !calls->at[place]->proxy ||
	    calls->at[place]->number != correlation >> TRP_CALL_PLACE_BITS)
		return NULL;
	return calls->at[place];
}

/* ---- unwatched and refused calls ----------------------------------------- */

static void publish_unwatched(bool has_unwatched)
{
	if (!trp_self.status)
		return; /* no member of a node */
	/* Too late for a death at this moment, which the watch reports. */
	trp_store_relaxed(&trp_self.status->has_unwatched, has_unwatched);
}

void trp_call_table_leave_line(struct trp_call *call)
{
	if (!call->line)
		return;
	*call->link = call->next;
	if (call->next)
		call->next->link = call->link;
	else
		call->line->last = call->link;
	call->line = NULL;
	if (!calls->unwatched.first)
		publish_unwatched(false);
}

void trp_call_table_enter_line(struct trp_call_line *line,
			       struct trp_call *call, int64_t at)
{
	assert(!call->line);
	call->watch_at.ns = at;
	call->next = NULL;
	call->link = line->last;
	call->line = line;
	if (line == &calls->unwatched && !line->first)
		publish_unwatched(true);
	*line->last = call;
	line->last = &call->next;
}
