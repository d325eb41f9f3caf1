/* SPDX-License-Identifier: MIT */
#pragma once

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include "runtime/supervision/supervision.h"

enum { CHILDREN = 12, PAUSE_MS = 100 };

/* A world in which a child is a line here, and time is a number. */
extern struct world {
	struct trp_supervision all;
	struct trp_supervised child[CHILDREN];
	int starts[CHILDREN];	  /* of each child */
	int bad_starts[CHILDREN]; /* this many of the next fail */
	int64_t due[CHILDREN];	  /* 0: none */
	bool is_alive[CHILDREN], is_slow[CHILDREN], is_forgotten[CHILDREN];
	int64_t now;
	bool is_ready, gave_up, has_ended;
	enum trp_supervision_end why;
	int cause;	/* -1: none */
	char log[4096]; /* "+a" started, "-a" told to stop */
} world;

/* Takes all actions; a child that is not slow is ready, or stops, at once. */
void world_settle(void);
void world_end(int i, enum trp_supervised_end how);
void world_crash(int i);
/* Starts those whose pause is over by then, the earliest first. */
void world_pass(int64_t ms);
void world_make(const struct trp_supervision_options *options);
void world_add(int i, enum trp_restart_type restart, bool is_significant);
void world_begin(void);
/* `count` permanent children, all of them up. */
void world_make_up(enum trp_strategy strategy, int32_t intensity, int count);
void world_fini(void);
/* Asserts that this has happened since the last look. */
void world_log_is(const char *log);
