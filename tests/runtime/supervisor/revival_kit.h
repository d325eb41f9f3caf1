/* SPDX-License-Identifier: MIT */
#pragma once

/* Shared by the tests of restarts in place. */

#include "runtime/supervisor/revival.h"
#include "runtime/troupe_restart.h"
#include "tests/support/stage.h"

/* Pauses that a test can wait for. */
void revival_hurry(void);

/* Numbers that are orders; places on the board. */
enum { CRASH = -1, QUIT = -2 };
enum { LAST = 4001, WRONG = 4002, INITS = 4003 };

/*
 * Runs a node whose actors restart at once and call `is_forked` at their birth,
 * beside memory of that size which all share: `ret_shared` is the address of a
 * pointer to it.
 */
void revival_run_by_steps(void *ret_shared, size_t size,
			  void (*is_forked)(void),
			  int (*root)(int argc, char **argv));

void die(void);

/* Notes each number, in order; tells its incarnation when asked. */
extern const struct troupe_class counter;
int counter_init(const void *arguments);
extern const struct troupe_handler counter_handlers[];
int answer_which(const struct troupe_message *message);
void note(int64_t value);

/* With number 42 as its argument. */
troupe_ref spawn(const struct troupe_class *klass);

/* Its incarnation, when it has handled all that the caller sent before. */
int64_t ask_which(troupe_ref ref);

/* Its next end, which a restart may follow. */
struct troupe_end next_end(troupe_ref ref);

void send_all(troupe_ref ref, int64_t first, int64_t last);
void expect_each_once(int64_t last);
