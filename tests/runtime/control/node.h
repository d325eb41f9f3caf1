/* SPDX-License-Identifier: MIT */
#pragma once

/* A node in a private runtime folder of this test, and queries to it. */

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "runtime/control/client.h"
#include "serialize/value.h"
#include "tests/support/program.h"

enum { PATIENCE_MS = 240000 };

extern char folder[]; /* where the nodes' sockets are */

/* The environment of this test, and of all that it starts. */
void node_begin(void);
/* Checks that the folder is empty, and removes it. */
void node_end(void);

/* Starts a node of that name, of host.so, and waits until it is ready. */
void node_start(struct program *p, const char *name, const char *idlers);
/* Stops it in order, and checks that nothing is left of it. */
void node_stop(struct program *p, const char *name);

/* Kills its supervisor. */
void node_kill(struct program *p);

/* Runs `troupe ...`, up to NULL, and returns its exit status. */
int troupe(struct program *p, ...) __attribute__((sentinel));

/* The output of `troupe ps --json` for that node; owned by the caller. */
struct troupe_value *node_ps(const char *name);
/* The actor of that label there, or NULL. */
const struct troupe_value *node_find(const struct troupe_value *ps,
				     const char *label);

/* How many actors are alive in the node. */
size_t node_count(const char *name);
/* Waits until there are that many, or fails. */
void node_await_count(const char *name, size_t count);
