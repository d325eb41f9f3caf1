/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The sheet that all actors of the soak of trees share.
 *
 *	post	one reference: the lives at it, from the first to the last
 *	lane	what the lives of one post send to another, numbered from 0
 */

#include "tests/soak/trees/trees.pb-c.h"
#include "tests/support/ipc_kit.h"
#include "tests/support/stage.h"

enum {
	POSTS = 1 << 18,
	LANES = 4000000,
	PEERS = 3, /* lanes of a post at a time */
	UNSURE = 4,
	WITNESSES = 2,
	FATES = 32,
	PLACES = 8, /* of a table */
	LARGEST = 60000,
};

enum post_state { NOBODY, IN_INIT, AT_WORK, CALM };

/* How a life may end, other than that it is told to stop. */
enum {
	MAY_BE_KILLED = 1,
	MAY_CRASH = 2, /* SIGSEGV, SIGABRT */
	MAY_FAIL = 4,
	MAY_END = 8, /* normally */
};

/* A witness was told this of one post. */
struct told {
	_Atomic uint32_t count; /* of ends */
	_Atomic uint32_t last;	/* incarnation */
	_Atomic uint32_t is_final;
};

struct post {
	_Atomic uint64_t ref;
	_Atomic uint32_t parent; /* post; 0: the keeper */
	uint32_t index, strategy, restart;
	bool is_killed, is_limited, is_added, is_supervisor;
	bool is_again;		   /* at_crash */
	_Atomic uint32_t children; /* the latest post below it; 0: none */
	_Atomic uint32_t next;	   /* of the same parent */
	_Atomic uint32_t starts;   /* incarnation + 1 of the latest */
	_Atomic uint32_t state;
	_Atomic int pid;
	_Atomic uint64_t pid_since; /* as the kernel says */
	_Atomic uint64_t begun;	    /* in the order of all starts */
	_Atomic uint32_t orders_then, orders_before;
	_Atomic uint32_t orders; /* by hand, to its children */
	_Atomic uint32_t is_shot;
	_Atomic uint64_t held[PLACES];	  /* references of its children */
	_Atomic uint32_t asked, answered; /* by the present life */
	_Atomic uint32_t gaps;
	struct {
		_Atomic uint32_t starts, how;
	} fate[FATES];
	struct told told[WITNESSES];
	_Atomic uint32_t lane[PEERS]; /* 0: none */
};

struct lane {
	_Atomic uint32_t from, to;   /* posts */
	_Atomic uint64_t sent;	     /* acknowledged, or unsure */
	_Atomic uint64_t pending;    /* number + 1 of one that is being sent */
	_Atomic uint64_t begun;	     /* below it all were handled */
	_Atomic uint32_t is_refused; /* there is no such actor */
	_Atomic uint64_t refused;
	_Atomic int why;
	_Atomic uint32_t unsures;
	_Atomic uint64_t unsure[UNSURE]; /* its sender died as it sent them */
};

struct sheet {
	_Atomic uint32_t is_over;      /* nobody is disturbed any more */
	_Atomic uint32_t is_down;      /* all trees have been stopped */
	_Atomic uint32_t posts, lanes; /* how many; none has number 0 */
	_Atomic uint64_t clock;
	_Atomic uint64_t full, failed_calls, calls, orders, tries, bad_starts;
	_Atomic uint32_t post_of[2 * POSTS];
	struct post post[POSTS];
	struct lane lane[LANES];
};

extern struct sheet *sheet;
extern int sheet_report;      /* where the log of a node does not go */
extern uint64_t sheet_chance; /* state of the random generator */

void sheet_open(void);
uint64_t sheet_below(uint64_t bound);
void sheet_complain(const char *what, uint64_t of, uint64_t found,
		    uint64_t expected);

/* 0: there is none. */
uint32_t sheet_find(uint64_t ref);
uint32_t sheet_find_or_add(uint64_t ref);

/* Told to both witnesses that none follows. */
bool sheet_is_gone(const struct post *post);
/* When the process began; 0: there is none. */
uint64_t sheet_since(int pid);

/* ---- items (items.c) ------------------------------------------------------
 */

/* A message of a size and content that follow from its number. */
int sheet_send(uint64_t to, uint32_t lane, uint64_t number);
bool sheet_is_whole(const struct troupe_message *message);

/* ---- actors ---------------------------------------------------------------
 */

extern const struct troupe_class trees_top[], trees_witness, trees_hand;
enum { TOPS = 4, LONGEST = 16 /* of a table, with what is added */ };
/* A function actor that reads odd lanes first; others come from handlers. */
int trees_select(const void *arguments);
int trees_init(const void *arguments);
int trees_stash_init(const void *arguments);
extern const struct troupe_handler trees_handlers[], trees_stash_handlers[];
extern const Trees__Peer_Service trees_service;
