/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Calls without an answer yet.  A call's correlation is its place in the table
 * and a number that is never reused, so a late answer finds nothing:
 *
 *	correlation = number << TRP_CALL_PLACE_BITS | place
 */

#include "runtime/actor/self.h"

enum { TRP_CALL_PLACE_BITS = 20 };

struct trp_call {
	struct troupe_timer timer;  /* its deadline */
	struct troupe_proxy *proxy; /* the caller's memory; NULL: free */
	int *ret_error;		    /* where its result goes */
	troupe_ref target;
	const ProtobufCMessageDescriptor *output;
	ProtobufCClosure closure;
	void *data;
	uint64_t number;
	uint64_t position; /* of the question in the lane to the target */
	uint32_t place;
	uint64_t flow; /* of the question, or of its answer */
	uint16_t hop;
	bool is_traced;
	int64_t created, deadline;
	struct troupe_time watch_at;
	int refusal;		    /* why it was not sent, or 0 */
	struct trp_call_line *line; /* that it is in, or NULL */
	struct trp_call *next, **link;
	struct trp_call *next_free;
};

/* In order of watch_at, or of refusal. */
struct trp_call_line {
	struct trp_call *first;
	struct trp_call **last;
};

struct trp_call_table {
	struct trp_call **at;
	uint32_t places, room;
	struct trp_call *free;
	uint64_t last_number;
	struct trp_call_line unwatched, refused;
	unsigned pending; /* of all proxies */
	struct trp_timers deadlines;
};
extern struct trp_call_table trp_call_table;

void trp_call_table_check(void);

/* A new one; the caller sets its proxy at once.  NULL: no memory. */
struct trp_call *trp_call_table_take(void);
/* It is over; in no line. */
void trp_call_table_give_back(struct trp_call *call);

/* NULL: it is over. */
struct trp_call *trp_call_table_find(uint64_t correlation);

/* The status block shows that there are unwatched calls. */
void trp_call_table_leave_line(struct trp_call *call);
/* at: not before that of the others. */
void trp_call_table_enter_line(struct trp_call_line *line,
			       struct trp_call *call, int64_t at);

/* A guest leaves; none is pending. */
void trp_call_table_leave(void);
