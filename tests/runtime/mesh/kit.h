/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Whole nodes in a mesh, each a supervisor in a process that the test can kill.
 * Their actors write their view to memory shared with the test, which waits for
 * changes, with a deadline.
 */

#include <criterion/criterion.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "runtime/node/options.h"
#include "runtime/troupe_mesh.h"
#include "tests/support/server.h"

enum { NODES_MAX = 4, LOG_MAX = 256 };

struct seen {
	_Atomic bool is_up, is_it, is_leading;
	_Atomic bool looks_up; /* in a look; is_up is by events */
	_Atomic int64_t up_ns; /* when the bus came up */
	_Atomic int its, others, led, downs, healed, lost, deaf;
	_Atomic int live;     /* nodes, in the last view */
	_Atomic int offering; /* nodes that offer "guardian" */
	_Atomic long malformed;
	_Atomic uint64_t fence, term;
	_Atomic int64_t version; /* of settings that were taken over */
	_Atomic pid_t running;	 /* its singleton; 0: none */
	_Atomic int starts;
	char listed[256]; /* names of the live ones */
};

/* The guarded resource: it takes no smaller fence than it has seen. */
struct guarded {
	_Atomic bool is_locked;
	uint64_t fence;
	int count, refused;
	struct {
		uint64_t fence;
		int node;
	} at[LOG_MAX];
};

struct mesh_board {
	_Atomic uint32_t changes; /* a futex */
	_Atomic long failures;
	struct seen seen[NODES_MAX];
	struct guarded log;
	/* Of a tree that is a singleton. */
	_Atomic pid_t leaf[2];
	_Atomic int grown; /* how many of these two there have been */
	_Atomic uint64_t fence_of_crown;
};

struct node {
	pid_t pid; /* of its supervisor; 0: it is not there */
	char name[16];
	char url[256];
	int64_t version;	   /* of its settings */
	int (*before)(int number); /* in its process, before it begins */
	int (*root)(int argc, char **argv);
};

extern struct mesh_board *board;
extern struct node nodes[NODES_MAX];
extern int node_count;
extern int this_node; /* in a node's processes */

/* In an actor. */
#define CHECK(claim)                                             \
	do {                                                     \
		if (!(claim))                                    \
			mesh_failed(__FILE__, __LINE__, #claim); \
	} while (0)
void mesh_failed(const char *file, int line, const char *claim);
/* In an actor: the board has changed. */
void mesh_changed(void);

/* Makes the board, and names for `count` nodes on that bus; starts none. */
void mesh_prepare(int count, const char *url);
void mesh_start(int number);
/* The same, all of them. */
void mesh_begin(int count, const char *url);
/* SIGKILL to a supervisor. */
void mesh_kill(int number);
/* Stops the rest in order; no process (servers were stopped before) and no
 * failed CHECK may be left. */
void mesh_end(void);

/* Waits until it is so, or fails the test. */
void mesh_await(bool (*is_so)(void), const char *what);

/* All live nodes see all live nodes, and each was it. */
bool is_settled(void);
void mesh_mark(void); /* nobody was it, so far */
bool has_gone_round(void);
bool is_one_leading(void); /* exactly one of the live nodes */
int leading(void);	   /* which, or -1 */

/* The root of a node unless another is set: writes events to the board. */
int mesh_root(int argc, char **argv);
/* Its parts, for others: one event, and one look. */
void mesh_see(const struct troupe_message *message);
void mesh_look(void);

/* A singleton that appends to the guarded log as long as it runs. */
extern const struct troupe_class guardian;
