/* SPDX-License-Identifier: MIT */
#pragma once

/* Shared by the tests of routers: hands, which note what they get. */

#include "runtime/troupe_restart.h"
#include "runtime/troupe_router.h"
#include "tests/support/stage.h"

/* Numbers that are orders, and what a hand does then. */
enum {
	CRASH = -1, /* it dies by a signal */
	BLOCK = -2, /* it stays in its handler until it is set free */
	QUIT = -3,
};

/* Places on the board; below them, how often each number was noted. */
enum {
	NUMBERS = 3000,
	NOTED = 3000,	/* + index: how many numbers by that hand */
	LAST_BY = 3200, /* + number % 100: who has noted it, from 1 */
	BLOCKED = 3400, /* + index */
	IS_FREE = 3600, /* + index */
	STARTED = 3800, /* how often any of them began */
};

/*
 * A hand notes each number that is no order, and so the calls Twice(number);
 * Silent is never answered, Refuse fails, Later answers with the index.
 */
extern const struct troupe_class hand, small_hand, lasting_hand;
troupe_ref spawn_hand(const struct troupe_class *klass, int64_t index);
void spawn_hands(const struct troupe_class *klass, troupe_ref *refs,
		 int64_t count);

void block(troupe_ref ref, int64_t index);
void set_free(int64_t index);

/* In a function actor: turns until *place is at least that. */
void await_count(const _Atomic long *place, long least);

int64_t value_of(const ProtobufCMessage *number);
int route(struct troupe_router *router, int64_t value);
void expect_each_once(int64_t first, int64_t last);

/* A closure: adds the answer to the long. */
void add_answer(const Play__Number *answer, void *sum);
