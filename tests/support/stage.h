/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A node inside a test: the root actor is a function of the test file, and
 * every actor can write to the board, which the test reads afterwards.
 */

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "runtime/troupe.h"
#include "tests/support/play.pb-c.h"

enum { BOARD_SLOTS = 4096 };

struct board {
	_Atomic long failures;
	_Atomic long count;
	_Atomic long value[BOARD_SLOTS];
	char text[256];
};

extern struct board *board;

/* The trace file of the nodes of this test; NULL: none. */
extern const char *stage_trace;
extern unsigned stage_trace_rate; /* 0: all */

/* Of the nodes of this test; by default the mesh, 4,096, and 1 GiB. */
struct trp_module;
extern const struct trp_module *const *stage_modules;
extern unsigned stage_slots;
extern unsigned stage_heap_kib;

/* In an actor: prints the error and fails the test. */
#define CHECK(claim)                                            \
	do {                                                    \
		if (!(claim))                                   \
			stage_fail(__FILE__, __LINE__, #claim); \
	} while (0)
void stage_fail(const char *file, int line, const char *claim);

/*
 * Runs a node with that root and returns its exit status, having checked that
 * it left no process, no zombie and no descriptor.
 */
int stage_run(int (*root)(int argc, char **argv));

/* The same on an existing board, without checks. */
int stage_run_on(struct board *shared, int (*root)(int argc, char **argv));

/* The same, where no CHECK may have failed and the root ends normally. */
void stage_pass(int (*root)(int argc, char **argv));

/* In an actor: sends a number, or asserts that it can. */
int stage_send(troupe_ref to, int64_t value);

/* In a function actor: the next number; -1 after ms milliseconds. */
int64_t stage_receive(int64_t ms);

/* In a function actor: until there are none, or ms are over: then they are to
 * be said. */
void stage_await_none(uint32_t (*count)(bool is_said), int64_t ms);

/* In a method: keeps a call that is never answered. */
void stage_keep(void *call);

/* A function actor that waits for a number for an hour. */
int stage_idle(const void *arguments);

/* In an actor that the supervisor has forked: the process of the zygote. */
pid_t stage_zygote(void);

/* In an actor: waits for the end of another, and asserts that it comes. */
struct troupe_end stage_end_of(troupe_ref ref);
