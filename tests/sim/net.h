/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A virtual network with a virtual clock, and a beacon in each of its nodes.
 * Everything follows from the seed.  A message goes to every node that is up
 * and on the sender's side, its sender included; each of these deliveries is
 * lost, doubled and delayed independently.
 */

#include "runtime/election/beacon.h"
#include "tests/sim/original.h"

#define SIM_SECOND INT64_C(1000000000)
#define SIM_CYCLE  (10 * SIM_SECOND) /* C and G of the defaults */
#define SIM_GAP	   (SIM_SECOND * 3 / 2)

struct sim_faults {
	double loss;	 /* of each delivery, except the sender's own */
	double own_loss; /* of the sender's own */
	double doubling;
	int64_t delay_min_ns, delay_max_ns; /* uniform between the two */
	double drift; /* of each node's clock: up to +- this share */
};

struct sim_node {
	struct sim_net *net;
	struct trp_beacon *beacon; /* NULL: it is down, or an original */
	struct original *original;
	char name[24];
	struct trp_scalar value;
	struct trp_scalar said; /* by sim_say_waited() */
	double rate;		/* of its clock */
	int side;
	bool is_it;
	int64_t it_since_ns;
	int64_t wake_ns; /* the earliest wake-up that is queued */
	int error;	 /* of the last FAILED */

	unsigned int events[TRP_BEACON_EVENTS]; /* counted */
	struct trp_beacon_event last_recover;	/* prio, is_replaced only */
	int64_t last_detag_ns, last_recover_ns, last_ping_ns;
};

struct sim_delivery;

struct sim_net {
	uint64_t seed;
	uint64_t random;
	bool is_loud; /* prints all that happens */
	struct sim_faults faults;
	struct trp_wire_config config;
	bool is_plain; /* nodes of ours */

	int64_t now_ns;
	struct sim_node *nodes;
	int node_count;

	struct sim_delivery *queue; /* a heap */
	int queued, queue_space;
	int flying; /* deliveries among them that are not deadlines */
	uint64_t serial;

	uint64_t sent[TRP_WIRE_TYPES];
	uint64_t tags, overlaps;
	int64_t overlap_ns, longest_overlap_ns, overlap_since_ns;
	/* Called for every event; may be NULL. */
	void (*watch)(struct sim_node *node,
		      const struct trp_beacon_event *event);
	void *watch_data;
	/* The value of a node in its pings, instead of its number; may be
	 * NULL. */
	const struct trp_scalar *(*value)(struct sim_node *node,
					  bool may_become_it);
	/* Beside it; may be NULL. */
	const struct trp_scalar *(*note)(struct sim_node *node);
	void (*watch_send)(struct sim_node *node,
			   const struct trp_wire *message);
};

/* Nodes are named n000, n001 ... and down; their values are 31 * number. */
void sim_init(struct sim_net *net, uint64_t seed, int node_count,
	      const struct trp_wire_config *config,
	      const struct sim_faults *faults);
void sim_fini(struct sim_net *net);

/* For `value`: as a supervisor's, greater after a longer wait. */
const struct trp_scalar *sim_say_waited(struct sim_node *node,
					bool may_become_it);

/* A new life of a node. */
void sim_start(struct sim_net *net, int number);
void sim_start_original(struct sim_net *net, int number);
void sim_kill(struct sim_net *net, int number);
void sim_start_all(struct sim_net *net, int64_t within_ns);

/* Starts all, and runs until the list holds all for a while. */
void sim_settle(struct sim_net *net);

bool sim_is_up(const struct sim_node *node);
const char *sim_listed(const struct sim_node *node, size_t place);

/* Runs until that much later. */
void sim_run(struct sim_net *net, int64_t duration_ns);

/* Runs on until nothing is in flight. */
void sim_land(struct sim_net *net);

/* Calls the beacon at its local time, and applies its changes. */
struct trp_time sim_local(const struct sim_node *node);
void sim_touched(struct sim_node *node);

/* Nodes get sides 0..parts-1 at random, none of them empty; 1 heals. */
void sim_split(struct sim_net *net, int parts);

/* Every node that is up has the same list (of its side), as far as a message
 * carries it. */
bool sim_is_agreed(const struct sim_net *net);
int sim_its(const struct sim_net *net, int side);
int sim_up(const struct sim_net *net);

double sim_draw(struct sim_net *net);
int sim_below(struct sim_net *net, int end);

/*
 * For a test over many seeds: first and last seed, times SIM_TIMES of the
 * environment; or only SIM_SEED, run with is_loud.
 */
struct sim_seeds {
	uint64_t first, end;
	bool is_loud;
};
struct sim_seeds sim_seeds(uint64_t first, uint64_t count);

/* Prints the node's list. */
void sim_show(const struct sim_node *node);

/* Fails the test, and prints how to repeat this seed.  Each user of the net
 * defines one. */
void sim_fail(const struct sim_net *net, const char *what);
#define sim_assert(net, claim)                 \
	do {                                   \
		if (!(claim))                  \
			sim_fail(net, #claim); \
	} while (0)
