/* SPDX-License-Identifier: MIT */
#include "tests/ipc/bus/vote.h"
#include "runtime/election/beacon_receive.h"
#include "serialize/beacon/codecs.h"
#include "tests/support/skip.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_NS INT64_C(120000000000)

static struct trp_time clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (struct trp_time) { now.tv_sec * INT64_C(1000000000) +
				   now.tv_nsec };
}

/* ---- a node ------------------------------------------------------------- */

static void on_send(void *user, const struct trp_wire *message)
{
	struct voter *voter = user;
	char data[TRP_WIRE_SIZE_MAX];
	struct trp_writer writer = { .data = data, .space = sizeof(data) };

	cr_assert(trp_wire_encode(voter->election->codec, message, &writer) ==
		  0);
	if (voter->bus)
		trp_bus_send(voter->bus, data, writer.length);
}

static void on_event(void *user, const struct trp_beacon_event *event)
{
	struct voter *voter = user;
	struct election *election = voter->election;
	int i, its = 0;

	if (event->type == TRP_BEACON_TAG) {
		voter->is_it = true;
		voter->tags++;
		for (i = 0; i < election->count; i++)
			its += election->voters[i].is_it;
		election->overlaps += its > 1;
	}
	if (event->type == TRP_BEACON_UNTAG || event->type == TRP_BEACON_DETAG)
		voter->is_it = false;
}

static double on_random(void *user)
{
	return rand_r(&((struct voter *)user)->election->random) /
	       (RAND_MAX + 1.0);
}

/* As a supervisor's: the node that has waited longer has the greater one. */
static const struct trp_scalar *on_value(void *user, bool may_become_it)
{
	struct voter *voter = user;
	struct trp_time now = clock_now();
	int number = (int)(voter - voter->election->voters);

	voter->value.type = TRP_SCALAR_INT;
	voter->value.integer =
		number + VOTERS_MAX * trp_beacon_waited(voter->beacon, now);
	return &voter->value;
}

static void on_deliver(void *user, const void *payload, size_t length)
{
	struct voter *voter = user;
	struct trp_wire wire;

	if (trp_wire_decode(voter->election->codec, payload, length, &wire) <
	    0) {
		trp_beacon_malformed(voter->beacon);
		return;
	}
	trp_beacon_receive(voter->beacon, &wire, clock_now());
	trp_wire_fini(&wire);
}

static void on_changed(void *user, int error)
{
	struct voter *voter = user;

	voter->bus_error = error;
	if (error)
		return;
	voter->comings++;
	if (trp_beacon_state(voter->beacon) == TRP_BEACON_NEW)
		cr_assert(trp_beacon_start(voter->beacon, clock_now()) == 0);
}

static const struct trp_beacon_calls beacon_calls = { .send = on_send,
						      .event = on_event,
						      .random = on_random,
						      .value = on_value };
static const struct trp_bus_calls bus_calls = { .deliver = on_deliver,
						.changed = on_changed };

static void begin_voter(struct election *election, int number, const char *url)
{
	struct voter *voter = &election->voters[number];
	struct trp_beacon_options options = { .config = trp_wire_defaults };
	struct trp_bus_address address;

	voter->election = election;
	snprintf(voter->name, sizeof(voter->name), "n%d", number);
	options.node = voter->name;
	options.config.cycle_s = 4 * election->gap_s;
	options.config.gap_s = election->gap_s;
	options.config.nodes = election->count;
	options.config.n_hosts = 1;
	options.config.force_in = true; /* as a supervisor does */
	cr_assert(trp_bus_address_parse(url, "test", &address) == 0, "%s", url);
	cr_assert(trp_beacon_new(&voter->beacon, &options, &beacon_calls,
				 voter) == 0);
	trp_beacon_set_ready(voter->beacon, true);
	cr_assert(trp_bus_open(&voter->bus, &address, &bus_calls, voter) == 0);
}

void election_begin(struct election *election, const char *codec, double gap_s,
		    const char *const *urls, int count)
{
	int i;

	*election = (struct election) { .gap_s = gap_s,
					.count = count,
					.random = 1 };
	election->codec = trp_codecs_find(codec);
	if (!election->codec)
		SKIP(codec, "built without %s", codec);
	for (i = 0; i < count; i++)
		begin_voter(election, i, urls[i]);
}

void election_kill(struct election *election, int number)
{
	struct voter *voter = &election->voters[number];

	trp_bus_close(voter->bus);
	voter->bus = NULL;
	voter->is_it = false;
}

void election_end(struct election *election)
{
	int i;

	for (i = 0; i < election->count; i++) {
		election_kill(election, i);
		trp_beacon_free(election->voters[i].beacon);
	}
}

/* ---- running ------------------------------------------------------------ */

static void earlier(struct trp_time *a, struct trp_time b)
{
	if (b.ns < a->ns)
		*a = b;
}

static void wait_for_any(const struct election *election)
{
	struct pollfd fds[VOTERS_MAX];
	struct trp_time due = { clock_now().ns + 100000000 };
	int64_t left_ns;
	int i, count = 0;

	for (i = 0; i < election->count; i++) {
		if (!election->voters[i].bus)
			continue;
		fds[count].fd = trp_bus_fd(election->voters[i].bus);
		fds[count++].events = POLLIN;
		earlier(&due, trp_bus_deadline(election->voters[i].bus));
		earlier(&due, trp_beacon_deadline(election->voters[i].beacon));
	}
	left_ns = due.ns - clock_now().ns;
	poll(fds, (nfds_t)count,
	     left_ns > 0 ? (int)(left_ns / 1000000) + 1 : 0);
}

static void step(struct election *election)
{
	struct voter *voter;
	int i;

	wait_for_any(election);
	for (i = 0; i < election->count; i++) {
		voter = &election->voters[i];
		if (!voter->bus)
			continue;
		trp_bus_run(voter->bus, clock_now());
		trp_beacon_tick(voter->beacon, clock_now());
	}
}

void election_run(struct election *election,
		  bool (*is_so)(const struct election *election),
		  const char *what)
{
	struct trp_time end = { clock_now().ns + PATIENCE_NS };

	while (!is_so(election)) {
		step(election);
		cr_assert(clock_now().ns < end.ns, "not so: %s; bus: %s", what,
			  strerror(-election->voters[0].bus_error));
	}
}

static bool is_listed(const struct trp_beacon *beacon, const char *name)
{
	const char *listed;
	size_t i;

	for (i = 0; (listed = trp_beacon_listed(beacon, i)); i++)
		if (strcmp(listed, name) == 0)
			return true;
	return false;
}

bool is_settled(const struct election *election)
{
	int i, j, alive = 0;

	for (i = 0; i < election->count; i++) {
		if (!election->voters[i].bus)
			continue;
		alive++;
		if (!election->voters[i].tags)
			return false;
		for (j = 0; j < election->count; j++)
			if (is_listed(election->voters[i].beacon,
				      election->voters[j].name) !=
			    (election->voters[j].bus != NULL))
				return false;
	}
	return alive > 0;
}

static bool are_all(const struct election *election, bool is_up)
{
	int i;

	for (i = 0; i < election->count; i++)
		if (election->voters[i].bus &&
		    election->voters[i].bus->is_up != is_up)
			return false;
	return true;
}

bool are_all_up(const struct election *election)
{
	return are_all(election, true);
}

bool are_all_down(const struct election *election)
{
	return are_all(election, false);
}

bool is_garbage_counted(const struct election *election)
{
	int i;

	for (i = 0; i < election->count; i++)
		if (election->voters[i].bus &&
		    trp_beacon_counts(election->voters[i].beacon)->malformed <
			    3)
			return false;
	return true;
}

void election_mark(struct election *election)
{
	int i;

	for (i = 0; i < election->count; i++)
		election->voters[i].tags = 0;
	election->overlaps = 0;
}

bool has_gone_round(const struct election *election)
{
	int i;

	for (i = 0; i < election->count; i++)
		if (election->voters[i].bus && !election->voters[i].tags)
			return false;
	return true;
}
