/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A stranger on the bus of two nodes, in the process of the test: it knows what
 * frames and payloads look like.  Node 1 asks node 0 all the time.
 */

#include "ipc/bus/bus.h"
#include "runtime/session/sessions.h"
#include "tests/runtime/mail/nodes.h"

enum { QUICK = 1, FULL = 2 };	       /* references on the board */
enum { ASKS = 1, OVER = 2, LOST = 3 }; /* values */
enum { STRANGER = 77, STRANGER_ASKS = 100 };

extern struct stranger {
	struct trp_bus *bus;
	struct trp_sessions *sessions;
	uint32_t to; /* node 0 */
	int downs, down_error;
	int answers, ends; /* that it was told */
} stranger;

/* Both nodes run, and it has joined.  url: NULL: local; cookie: of the nodes,
 * not its own.  After mail_begin(). */
void stranger_begin(const char *url, const char *cookie);
/* broker: 0: none. */
void stranger_end(pid_t broker);
void stranger_join(void);
void stranger_leave(void);
void stranger_turn(int ms);

/* In its session with node 0. */
size_t stranger_room(void);
void stranger_send(const void *payload, size_t length);

uint32_t stranger_draw(uint32_t below);
void stranger_fill_random(void *bytes, size_t length);

/* Nothing of node 0 has crashed, asks go on, and the memory of its mail actor
 * is what it was, nearly. */
void stranger_is_unharmed(void);
long stranger_more_kb(void);
