/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Sessions of many nodes over a virtual bus with a virtual clock.  Everything
 * follows from the seed.  Each frame is lost, doubled and delayed by itself;
 * buses refuse, nodes are cut off, stopped, killed and started as new runs,
 * receivers stand still, and an intruder says old frames again and makes new
 * ones.  Each item of mail is followed to its end: it arrived, once and behind
 * those before it, or its sender was told.
 */

#include "runtime/session/sessions.h"
#include "tests/sim/net.h"

struct post_faults {
	double loss, doubling;
	int64_t delay_max_ns; /* from 50 us on */
	double intrusion;     /* old and false frames for each that is sent */
	bool has_cookie;
};

/* The items that one run has sent to another. */
struct post_flow {
	int to;
	int sent, space;
	int next;	/* no item before it may arrive any more */
	bool waits;	/* for room() */
	uint8_t *fates; /* enum post_fate of each */
};

struct post_run {
	struct post_net *net;
	struct trp_sessions *sessions; /* NULL: it has ended */
	struct trp_guard *guard;
	int index;
	double rate; /* of its clock */
	struct post_flow *flows;
	int flow_count;
	int64_t wake_ns;	   /* the earliest that is queued */
	int64_t stopped_until_ns;  /* it does nothing */
	int64_t cut_until_ns;	   /* nothing reaches it or leaves it */
	int64_t bus_down_until_ns; /* its bus refuses frames */
	int64_t refusing_until_ns; /* deliver() is false */
	int *watched;		   /* indices of runs */
	int watched_count, watched_space;
	int ups, downs, lost;
	bool wants_resume, wants_accept;
};

/* Without a frame: a run's deadline. */
struct post_event {
	int64_t when_ns;
	uint64_t serial;
	int run;
	size_t length;
	uint8_t *frame;
};

struct post_net {
	uint64_t seed;
	uint64_t random;
	bool is_loud;
	struct post_faults faults;
	int64_t now_ns;
	struct post_run **runs; /* of all times; number = index + 2 */
	int run_count, run_space;
	struct post_event *queue; /* a heap */
	int queued, queue_space;
	uint64_t serial;
	uint64_t frames, items, arrived, lost;
	struct post_event *heard; /* frames that the intruder keeps */
	int heard_count;
	int64_t outage_ns;
};

void post_init(struct post_net *net, uint64_t seed, bool is_loud,
	       const struct post_faults *faults);
void post_fini(struct post_net *net);

void post_push(struct post_net *net, struct post_event event);
struct post_event post_pop(struct post_net *net);

double post_draw(struct post_net *net);
int post_below(struct post_net *net, int end);

/* A new run of a node; its index. */
int post_start(struct post_net *net);
void post_kill(struct post_net *net, int index);
/* Its process dies and is started again, with the same number. */
void post_restart(struct post_net *net, int index);
bool post_is_up(const struct post_net *net, int index);

/* As many items as there is room for, at most `count`.  Returns how many. */
int post_send(struct post_net *net, int from, int to, int count);
void post_watch(struct post_net *net, int from, int to);
bool post_is_watching(const struct post_net *net, int from, int to);
void post_stop(struct post_net *net, int index, int64_t for_ns);
void post_cut(struct post_net *net, int index, int64_t for_ns);
void post_bus_down(struct post_net *net, int index, int64_t for_ns);
void post_refuse(struct post_net *net, int index, int64_t for_ns);
/* Hellos of numbers that nobody has, and garbage, 500 a second. */
void post_flood(struct post_net *net, int index, int64_t for_ns);

void post_run_for(struct post_net *net, int64_t duration_ns);

/* No item of runs that are up is without a fate, and none waits for room. */
bool post_is_settled(struct post_net *net);

/* Fails the test, and prints how to repeat this seed. */
void post_fail(const struct post_net *net, const char *what);
#define post_assert(net, claim)                 \
	do {                                    \
		if (!(claim))                   \
			post_fail(net, #claim); \
	} while (0)
