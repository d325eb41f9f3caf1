/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Nodes with mail between them, each a supervisor in a process that the test
 * can kill or stop.  Their roots find each other's references on the board.
 */

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include "runtime/node/ref.h"
#include "runtime/troupe.h"
#include "tests/support/play.pb-c.h"
#include "tests/support/server.h"

enum { MAIL_NODES = 5 };

struct mail_board {
	_Atomic long failures;
	_Atomic uint64_t ref[64]; /* whatever a test puts there; 0: not yet */
	_Atomic long value[64];
	_Atomic int pid[MAIL_NODES]; /* of the mail actors, by mail_actor() */
};
extern struct mail_board *board;
extern pid_t mail_node[MAIL_NODES];	 /* their supervisors; 0: not there */
extern int this_node;			 /* in an actor */
extern int32_t mail_outage_ms;		 /* of nodes that start from now on */
extern int (*mail_before)(int number);	 /* in the node's process; NULL */
extern char mail_cookie[MAIL_NODES][64]; /* the same; "": none */

#define CHECK(claim)                                           \
	do {                                                   \
		if (!(claim))                                  \
			mail_fail(__FILE__, __LINE__, #claim); \
	} while (0)
void mail_fail(const char *file, int line, const char *claim);

/* In a test: a folder and a board. */
void mail_begin(void);
void mail_start(int number, const char *url,
		int (*root)(int argc, char **argv));
/* Awaits the normal end of those that run; then checks the board. */
void mail_end_nodes(void);
void mail_end(void);
/* Kills it, and its actors. */
void mail_kill(int number);
/* Stops it in order, and awaits its end. */
void mail_stop(int number);
/* "local:FOLDER/mesh". */
const char *mail_local(void);
/* The process of its mail actor. */
pid_t mail_actor(int number);

/* In a test or an actor: waits until it is not 0, or fails. */
uint64_t mail_await(_Atomic uint64_t *word);
void mail_await_value(_Atomic long *value, long least);

/* In an actor: it can send to other nodes. */
void mail_await_way(void);
int mail_send(troupe_ref to, int64_t value);
/* In a function actor: the next number; -1 after ms milliseconds. */
int64_t mail_receive(int64_t ms, troupe_ref *ret_sender);
