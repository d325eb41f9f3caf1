/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The runs of other nodes, by the names of these: who is there, as the bus
 * tells.  Pure: the caller passes in the time.  A name has one run, the latest
 * that was heard of.
 *
 * A node that is expected and not heard for a while is down, until it is heard.
 * While the bus is down for less than an outage, nodes stay up; when it is back
 * they have to say again that they are there.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "ipc/bus/presence.h"
#include "ipc/time.h"

enum trp_mesh_roster_state {
	TRP_MESH_ROSTER_UNKNOWN, /* expected, and due */
	TRP_MESH_ROSTER_UP,
	TRP_MESH_ROSTER_DOWN,
};

struct trp_mesh_roster_node {
	char name[TRP_PRESENCE_NODE_SIZE];
	enum trp_mesh_roster_state state;
	uint32_t run; /* the latest; 0: none was heard of */
	bool is_expected;
	struct trp_time due; /* it is down, unless it is heard before */
	uint8_t *words;
	size_t length;
};

struct trp_mesh_roster_calls {
	/* They must not change the roster. */
	void (*up)(void *user, const struct trp_mesh_roster_node *node);
	void (*down)(void *user, const struct trp_mesh_roster_node *node);
};

struct trp_mesh_roster {
	struct trp_mesh_roster_node **at; /* by name */
	size_t count, space;
	bool is_linked;
	int64_t outage_ns;   /* of the bus, after which nodes are down */
	struct trp_time due; /* not after that of any node */
	const struct trp_mesh_roster_calls *calls;
	void *user;
};

enum {
	TRP_MESH_ROSTER_MAX = 16384,	   /* names of which one hears */
	TRP_MESH_ROSTER_SETTLE_MS = 2000,  /* for what is there, to be heard */
	TRP_MESH_ROSTER_RETURN_MS = 20000, /* others connect again by then */
};

void trp_mesh_roster_init(struct trp_mesh_roster *roster, int64_t outage_ns,
			  const struct trp_mesh_roster_calls *calls,
			  void *user);
void trp_mesh_roster_fini(struct trp_mesh_roster *roster);
void trp_mesh_roster_check(const struct trp_mesh_roster *roster);

/* NULL: nothing is known of it. */
struct trp_mesh_roster_node *trp_mesh_roster_find(
	const struct trp_mesh_roster *roster, const char *name);

/* It is asked for from now on, or no longer.  0 or -ENOMEM. */
int trp_mesh_roster_expect(struct trp_mesh_roster *roster, const char *name,
			   struct trp_time now);
void trp_mesh_roster_forget(struct trp_mesh_roster *roster, const char *name);

/* News of the bus.  0; -ENOBUFS: there are TRP_MESH_ROSTER_MAX, and it is not
 * expected; -ENOMEM. */
int trp_mesh_roster_here(struct trp_mesh_roster *roster,
			 const struct trp_presence_heard *heard);
void trp_mesh_roster_gone(struct trp_mesh_roster *roster, const char *name,
			  uint32_t run);
void trp_mesh_roster_link(struct trp_mesh_roster *roster, bool is_linked,
			  struct trp_time now);

/* Forgets all that are not expected: nothing is told of them any more. */
void trp_mesh_roster_sweep(struct trp_mesh_roster *roster);

/* At `due`; early or late is safe. */
void trp_mesh_roster_tick(struct trp_mesh_roster *roster, struct trp_time now);
