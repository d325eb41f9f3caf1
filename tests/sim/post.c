/* SPDX-License-Identifier: MIT */
#include "tests/sim/post.h"
#include "tests/sim/toy_guard.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum post_fate {
	PENDING,
	ARRIVED = 1,
	LOST = 2,	/* told that it may have arrived */
	NEVER_SENT = 4, /* told that it has not */
};

struct item {
	uint32_t from, to;
	uint64_t number;
};

#define HEARD 32

/* ---- randomness (splitmix64) -------------------------------------------- */

static uint64_t next_random(struct post_net *net)
{
	uint64_t z = net->random += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

double post_draw(struct post_net *net)
{
	return (double)(next_random(net) >> 11) * 0x1p-53;
}

int post_below(struct post_net *net, int end)
{
	return (int)(post_draw(net) * end);
}

static struct trp_time local(const struct post_run *run)
{
	return (struct trp_time) { (int64_t)((double)run->net->now_ns *
					     run->rate) };
}

/* Queues the run's next deadline, unless an earlier one is queued already. */
static void touched(struct post_run *run)
{
	struct post_net *net = run->net;
	int64_t due_ns = trp_sessions_deadline(run->sessions).ns, when_ns;

	if (due_ns == TRP_NEVER.ns)
		return;
	when_ns = (int64_t)((double)due_ns / run->rate) + 1;
	if (when_ns < net->now_ns)
		when_ns = net->now_ns;
	if (run->wake_ns <= when_ns && run->wake_ns > net->now_ns)
		return;
	run->wake_ns = when_ns;
	post_push(net, (struct post_event) { .when_ns = when_ns,
					     .run = run->index });
}

static void wake_at(struct post_run *run, int64_t when_ns)
{
	post_push(run->net, (struct post_event) { .when_ns = when_ns,
						  .run = run->index });
}

/* ---- frames -------------------------------------------------------------- */

static uint8_t *copy_of(const uint8_t *frame, size_t length)
{
	return memcpy(malloc(length), frame, length);
}

static void put_under_way(struct post_net *net, int to, const uint8_t *frame,
			  size_t length)
{
	double spread = (double)(net->faults.delay_max_ns - 50000);

	post_push(net, (struct post_event) {
			       .when_ns = net->now_ns + 50000 +
					  (int64_t)(post_draw(net) * spread),
			       .run = to,
			       .length = length,
			       .frame = copy_of(frame, length) });
}

static void keep(struct post_net *net, int to, const uint8_t *frame,
		 size_t length)
{
	struct post_event *place;

	if (net->heard_count < HEARD)
		place = &net->heard[net->heard_count++];
	else
		place = &net->heard[post_below(net, HEARD)];
	free(place->frame);
	*place = (struct post_event) { .run = to,
				       .length = length,
				       .frame = copy_of(frame, length) };
}

/* Old frames, again; changed, where a seal has to show it. */
static void intrude(struct post_net *net, int to, const uint8_t *frame,
		    size_t length)
{
	struct post_event *old;
	uint8_t *copy;

	if (!net->faults.intrusion)
		return;
	if (post_below(net, 8) == 0)
		keep(net, to, frame, length);
	if (!net->heard_count || post_draw(net) >= net->faults.intrusion)
		return;
	old = &net->heard[post_below(net, net->heard_count)];
	copy = copy_of(old->frame, old->length);
	if (net->faults.has_cookie && post_below(net, 2))
		copy[post_below(net, (int)old->length)] ^=
			(uint8_t)(1 << post_below(net, 8));
	put_under_way(net, old->run, copy, old->length);
	if (net->faults.has_cookie && !post_below(net, 4))
		put_under_way(net, old->run, copy,
			      (size_t)post_below(net, (int)old->length) + 1);
	free(copy);
}

static bool is_cut(const struct post_net *net, const struct post_run *run)
{
	return run->cut_until_ns > net->now_ns;
}

static int on_send(void *user, uint32_t number, const uint8_t *frame,
		   size_t length, bool is_question)
{
	struct post_run *run = user;
	struct post_net *net = run->net;
	int to = (int)number - 2, copies;

	if (run->bus_down_until_ns > net->now_ns) {
		run->wants_resume = true;
		return -ENOTCONN;
	}
	post_assert(net, length <= TRP_FRAME_SIZE_MAX);
	net->frames++;
	if (net->is_loud)
		fprintf(stderr,
			"%10.4f %d > %d kind %d flags %x seq %d ack %d\n",
			(double)net->now_ns / 1e9, run->index, to, frame[3],
			frame[12], frame[32] | frame[33] << 8,
			frame[40] | frame[41] << 8);
	if (to < 0 || to >= net->run_count || is_cut(net, run))
		return 0;
	copies = post_draw(net) >= net->faults.loss;
	if (copies && post_draw(net) < net->faults.doubling)
		copies++;
	while (copies--)
		put_under_way(net, to, frame, length);
	intrude(net, to, frame, length);
	return 0;
}

/* ---- the other calls of the sessions ------------------------------------- */

static void on_random(void *user, void *bytes, size_t length)
{
	struct post_run *run = user;
	uint64_t random = next_random(run->net);

	post_assert(run->net, length == sizeof(random));
	memcpy(bytes, &random, sizeof(random));
}

static void on_up(void *user, uint32_t number)
{
	struct post_run *run = user;

	run->ups++;
	if (run->net->is_loud)
		fprintf(stderr, "%10.4f %d up %d\n",
			(double)run->net->now_ns / 1e9, run->index,
			(int)number - 2);
}

static struct post_flow *flow_of(struct post_run *run, int to)
{
	int i;

	for (i = 0; i < run->flow_count; i++)
		if (run->flows[i].to == to)
			return &run->flows[i];
	run->flows =
		realloc(run->flows, (size_t)(i + 1) * sizeof(struct post_flow));
	run->flows[i] = (struct post_flow) { .to = to };
	run->flow_count++;
	return &run->flows[i];
}

static bool on_deliver(void *user, uint32_t number, const uint8_t *payload,
		       size_t length)
{
	struct post_run *run = user;
	struct post_net *net = run->net;
	struct post_flow *flow;
	struct item item;
	uint8_t *fate;

	if (run->refusing_until_ns > net->now_ns) {
		run->wants_accept = true;
		return false;
	}
	post_assert(net, length >= sizeof(item));
	memcpy(&item, payload, sizeof(item));
	post_assert(net, item.from == number - 2);
	post_assert(net, (int)item.to == run->index);
	flow = flow_of(net->runs[item.from], run->index);
	post_assert(net, item.number < (uint64_t)flow->sent);
	fate = &flow->fates[item.number];
	post_assert(net, (int)item.number >= flow->next); /* once, in order */
	post_assert(net, !(*fate & (ARRIVED | NEVER_SENT)));
	flow->next = (int)item.number + 1;
	*fate |= ARRIVED;
	net->arrived++;
	return true;
}

static void on_room(void *user, uint32_t number)
{
	flow_of(user, (int)number - 2)->waits = false;
}

static void on_lost(void *user, uint32_t number, const uint8_t *payload,
		    size_t length, bool may_have_arrived)
{
	struct post_run *run = user;
	struct post_net *net = run->net;
	struct post_flow *flow = flow_of(run, (int)number - 2);
	struct item item;
	uint8_t *fate;

	memcpy(&item, payload, sizeof(item));
	post_assert(net, (int)item.from == run->index);
	post_assert(net, item.to == number - 2);
	post_assert(net, item.number < (uint64_t)flow->sent);
	fate = &flow->fates[item.number];
	post_assert(net, !(*fate & (LOST | NEVER_SENT)));
	post_assert(net, may_have_arrived || !(*fate & ARRIVED));
	*fate |= may_have_arrived ? LOST : NEVER_SENT;
	run->lost++;
	net->lost++;
}

static void on_down(void *user, uint32_t number, int error)
{
	struct post_run *run = user;
	int i;

	run->downs++;
	if (run->net->is_loud)
		fprintf(stderr, "%10.4f %d down %d: %d\n",
			(double)run->net->now_ns / 1e9, run->index,
			(int)number - 2, error);
	for (i = 0; i < run->watched_count; i++)
		if (run->watched[i] == (int)number - 2)
			run->watched[i--] = run->watched[--run->watched_count];
}

static const struct trp_session_calls calls = {
	.send = on_send,
	.random = on_random,
	.up = on_up,
	.deliver = on_deliver,
	.room = on_room,
	.lost = on_lost,
	.down = on_down,
};

/* ---- runs ---------------------------------------------------------------- */

void post_init(struct post_net *net, uint64_t seed, bool is_loud,
	       const struct post_faults *faults)
{
	*net = (struct post_net) { .seed = seed,
				   .random = seed,
				   .is_loud = is_loud,
				   .faults = *faults,
				   .outage_ns = 10 * SIM_SECOND };
	net->heard = calloc(HEARD, sizeof(*net->heard));
}

bool post_is_up(const struct post_net *net, int index)
{
	return net->runs[index]->sessions != NULL;
}

void post_kill(struct post_net *net, int index)
{
	struct post_run *run = net->runs[index];

	trp_sessions_free(run->sessions);
	toy_guard_free(run->guard);
	run->sessions = NULL;
	run->guard = NULL;
}

void post_fini(struct post_net *net)
{
	int i, j;

	for (i = 0; i < net->run_count; i++) {
		post_kill(net, i);
		for (j = 0; j < net->runs[i]->flow_count; j++)
			free(net->runs[i]->flows[j].fates);
		free(net->runs[i]->flows);
		free(net->runs[i]->watched);
		free(net->runs[i]);
	}
	for (i = 0; i < net->queued; i++)
		free(net->queue[i].frame);
	for (i = 0; i < net->heard_count; i++)
		free(net->heard[i].frame);
	free(net->heard);
	free(net->queue);
	free(net->runs);
}

static void open_sessions(struct post_run *run)
{
	struct post_net *net = run->net;
	struct trp_sessions_options options = {
		.number = (uint32_t)run->index + 2, .outage_ns = net->outage_ns
	};

	if (net->faults.has_cookie)
		run->guard = toy_guard_new(net->seed);
	options.guard = run->guard;
	post_assert(net, trp_sessions_new(&run->sessions, &options, &calls,
					  run) == 0);
}

int post_start(struct post_net *net)
{
	struct post_run *run = calloc(1, sizeof(*run));

	if (net->run_count == net->run_space) {
		net->run_space = net->run_space ? 2 * net->run_space : 16;
		net->runs = realloc(net->runs, (size_t)net->run_space *
						       sizeof(*net->runs));
	}
	run->net = net;
	run->index = net->run_count;
	run->rate = 1 + (2 * post_draw(net) - 1) * 0.001;
	net->runs[net->run_count++] = run;
	open_sessions(run);
	return run->index;
}

/* Its death tells of all that it had under way. */
void post_restart(struct post_net *net, int index)
{
	struct post_run *run = net->runs[index];
	struct post_flow *flow;
	int i, j;

	post_kill(net, index);
	for (i = 0; i < run->flow_count; i++) {
		flow = &run->flows[i];
		flow->waits = false;
		for (j = 0; j < flow->sent; j++)
			if (flow->fates[j] == PENDING)
				flow->fates[j] = LOST;
	}
	run->watched_count = 0;
	open_sessions(run);
}

/* ---- what is done to them -------------------------------------------------
 */

static void add_item(struct post_flow *flow)
{
	if (flow->sent == flow->space) {
		flow->space = flow->space ? 2 * flow->space : 16;
		flow->fates = realloc(flow->fates, (size_t)flow->space);
	}
	flow->fates[flow->sent++] = PENDING;
}

/* Mostly small; sometimes as large as there is room for. */
static size_t size_of_next(struct post_net *net, size_t room)
{
	if (post_below(net, 200) == 0)
		return room;
	return sizeof(struct item) + (size_t)post_below(net, 100);
}

int post_send(struct post_net *net, int from, int to, int count)
{
	static uint8_t payload[TRP_FRAME_SIZE_MAX];
	struct post_run *run = net->runs[from];
	struct post_flow *flow = flow_of(run, to);
	struct item item = { (uint32_t)from, (uint32_t)to, 0 };
	size_t room;
	int i, r;

	for (i = 0; i < count; i++) {
		room = trp_sessions_room(run->sessions, (uint32_t)to + 2);
		flow->waits = !room;
		if (!room)
			break;
		post_assert(net, room >= TRP_SESSION_ROOM_LEAST);
		item.number = (uint64_t)flow->sent;
		memcpy(payload, &item, sizeof(item));
		add_item(flow); /* it may be lost within the call */
		r = trp_sessions_send(run->sessions, (uint32_t)to + 2, payload,
				      size_of_next(net, room), local(run));
		post_assert(net, r == 0);
		net->items++;
	}
	touched(run);
	return i;
}

void post_watch(struct post_net *net, int from, int to)
{
	struct post_run *run = net->runs[from];

	if (!post_is_watching(net, from, to)) {
		run->watched =
			realloc(run->watched,
				(size_t)(run->watched_count + 1) * sizeof(int));
		run->watched[run->watched_count++] = to;
	}
	post_assert(net, trp_sessions_watch(run->sessions, (uint32_t)to + 2,
					    local(run)) == 0);
	touched(run);
}

bool post_is_watching(const struct post_net *net, int from, int to)
{
	const struct post_run *run = net->runs[from];

	for (int i = 0; i < run->watched_count; i++)
		if (run->watched[i] == to)
			return true;
	return false;
}

void post_stop(struct post_net *net, int index, int64_t for_ns)
{
	net->runs[index]->stopped_until_ns = net->now_ns + for_ns;
}

void post_cut(struct post_net *net, int index, int64_t for_ns)
{
	net->runs[index]->cut_until_ns = net->now_ns + for_ns;
}

void post_bus_down(struct post_net *net, int index, int64_t for_ns)
{
	net->runs[index]->bus_down_until_ns = net->now_ns + for_ns;
	wake_at(net->runs[index], net->runs[index]->bus_down_until_ns);
}

void post_refuse(struct post_net *net, int index, int64_t for_ns)
{
	net->runs[index]->refusing_until_ns = net->now_ns + for_ns;
	wake_at(net->runs[index], net->runs[index]->refusing_until_ns);
}

void post_flood(struct post_net *net, int index, int64_t for_ns)
{
	uint8_t bytes[TRP_FRAME_HEADER];
	struct trp_frame hello = { .kind = TRP_FRAME_HELLO,
				   .to = (uint32_t)index + 2 };

	for (int64_t at = 0; at < for_ns; at += 2000000) {
		hello.from = (1 << 20) + (uint32_t)post_below(net, 1 << 20);
		hello.epoch = next_random(net) | 1;
		trp_frame_write(&hello, bytes);
		post_push(net,
			  (struct post_event) {
				  .when_ns = net->now_ns + at,
				  .run = index,
				  .length = sizeof(bytes) -
					    (size_t)post_below(net, 2),
				  .frame = copy_of(bytes, sizeof(bytes)) });
	}
}

/* ---- running ------------------------------------------------------------- */

static void wake(struct post_run *run)
{
	struct post_net *net = run->net;
	struct trp_time now = local(run);
	int i;

	if (run->wants_resume && run->bus_down_until_ns <= net->now_ns) {
		run->wants_resume = false;
		trp_sessions_relink(run->sessions, now);
	}
	if (run->wants_accept && run->refusing_until_ns <= net->now_ns) {
		run->wants_accept = false;
		for (i = 0; i < net->run_count; i++)
			trp_sessions_accept(run->sessions, (uint32_t)i + 2,
					    now);
	}
	trp_sessions_tick(run->sessions, now);
}

static void handle(struct post_net *net, struct post_event *event)
{
	struct post_run *run = net->runs[event->run];

	if (!run->sessions)
		return;
	if (run->stopped_until_ns > net->now_ns) { /* it waits, in order */
		event->when_ns = run->stopped_until_ns;
		post_push(net, *event);
		event->frame = NULL;
		return;
	}
	if (!event->frame)
		wake(run);
	else if (!is_cut(net, run))
		trp_sessions_receive(run->sessions, event->frame, event->length,
				     local(run));
	if (net->serial % 16 == 0)
		trp_sessions_check(run->sessions);
	touched(run);
}

void post_run_for(struct post_net *net, int64_t duration_ns)
{
	int64_t end_ns = net->now_ns + duration_ns;
	struct post_event event;

	while (net->queued && net->queue[0].when_ns <= end_ns) {
		event = post_pop(net);
		net->now_ns = event.when_ns;
		handle(net, &event);
		free(event.frame);
	}
	net->now_ns = end_ns;
}

bool post_is_settled(struct post_net *net)
{
	const struct post_flow *flow;
	int i, j, k;

	for (i = 0; i < net->run_count; i++)
		for (j = 0; post_is_up(net, i) && j < net->runs[i]->flow_count;
		     j++) {
			flow = &net->runs[i]->flows[j];
			if (flow->waits)
				return false;
			for (k = 0; k < flow->sent; k++)
				if (flow->fates[k] == PENDING)
					return false;
		}
	return true;
}

void post_fail(const struct post_net *net, const char *what)
{
	cr_assert_fail("seed %" PRIu64 " at %.4f s: not so: %s; again: "
		       "SIM_SEED=%" PRIu64
		       " build/bin/test-sim --filter '*/%s'",
		       net->seed, (double)net->now_ns / 1e9, what, net->seed,
		       criterion_current_test->name);
}
