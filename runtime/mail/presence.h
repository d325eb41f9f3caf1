/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Presence in the mail actor: this run's words about itself, and news of others
 * for the supervisor, which orders to whom the mail actor attends.
 */

#include "ipc/bus/bus.h"
#include "runtime/session/guard.h"
#include "runtime/troupe.h"

/* Words of a stranger to this guard are not heard, nor are they if he repeats
 * them (proofs.h); NULL: all are.  Before the first run of the bus, and before
 * what it says. */
void trp_mail_presence_open(struct trp_bus *bus, struct trp_guard *guard);
void trp_mail_presence_close(void);

/* Before the first run of the bus.  0 or a negative errno. */
int trp_mail_presence_say(struct trp_bus *bus);

/* The supervisor knows the mail actor from now on. */
void trp_mail_presence_begin(struct trp_bus *bus);

/* Callbacks of the bus, the first beside those of changed().  receive() returns
 * whether the frame was no other's affair. */
void trp_mail_presence_link(bool is_up);
void trp_mail_presence_here(void *user, const char *node, uint32_t number,
			    const void *words, size_t length);
void trp_mail_presence_gone(void *user, const char *node, uint32_t number);

bool trp_mail_presence_receive(const void *frame, size_t length);
void trp_mail_presence_nobody(uint32_t number);

/* At the deadline; early or late is safe. */
void trp_mail_presence_tick(struct trp_time now);
struct trp_time trp_mail_presence_deadline(void);

/* An order; the bus is to be run afterwards. */
void trp_mail_presence_attend(struct trp_bus *bus,
			      const struct troupe_message *message);
