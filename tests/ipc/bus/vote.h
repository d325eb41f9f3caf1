/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Nodes that elect over real buses in real time, with a cycle of four gaps.
 * Nothing sleeps: all waits are for something, with a deadline that ends the
 * test.
 */

#include "ipc/bus/bus.h"
#include "runtime/election/beacon.h"
#include "tests/support/server.h"

#define VOTERS_MAX 4

struct voter {
	struct election *election;
	struct trp_bus *bus;	   /* NULL: it is dead */
	struct trp_beacon *beacon; /* started when its bus comes up */
	char name[16];
	struct trp_scalar value;
	bool is_it;
	int tags;
	int bus_error; /* the last */
	int comings;   /* of the bus */
};

struct election {
	const struct trp_codec *codec;
	double gap_s;
	struct voter voters[VOTERS_MAX];
	int count;
	int overlaps;
	unsigned int random;
};

/* The gap is the longest delay of the bus, on a busy machine. */
void election_begin(struct election *election, const char *codec, double gap_s,
		    const char *const *urls, int count);
void election_end(struct election *election);
void election_kill(struct election *election, int number);

/* Runs until the claim holds; fails the test when that takes too long. */
void election_run(struct election *election,
		  bool (*is_so)(const struct election *election),
		  const char *what);

/* Three have one list with all live nodes, and each had a turn. */
bool is_settled(const struct election *election);
bool are_all_up(const struct election *election);
bool are_all_down(const struct election *election);
bool is_garbage_counted(const struct election *election);
/* All had one turn more since election_mark(). */
bool has_gone_round(const struct election *election);
void election_mark(struct election *election);
