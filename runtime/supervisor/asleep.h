/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Actors without a process that start when they have mail: those that have
 * fallen asleep (troupe_sleep.h), and those that decide whether they start.
 *
 *	relayed(s)		==>  child(s) is DOWN, and has an owner
 *	relayed(s), mail for s	==>  owner->mail(s), in a turn of its own
 *	child.saved		what load() of each further incarnation gets
 *
 * The supervisor has the state, so it outlives any crash but its own.
 */

#include <stdbool.h>
#include <stdint.h>

#include "runtime/node/system.pb-c.h"
#include "runtime/supervisor/module.h"

struct trp_supervisor;
struct trp_child;
struct troupe_end;

struct trp_saved {
	uint64_t type; /* ProtobufCMessageDescriptor, in each process */
	size_t size;
	uint8_t bytes[];
};

void trp_asleep_init(struct trp_supervisor *supervisor);

/* A child that is DOWN is started by mail, from now on; or no longer. */
void trp_asleep_begin(struct trp_supervisor *supervisor, uint32_t slot);
void trp_asleep_end(struct trp_supervisor *supervisor, uint32_t slot);
/* Is there any? */
bool trp_asleep_has_mail(struct trp_supervisor *supervisor, uint32_t slot);

/* DOWN, as it has fallen asleep. */
bool trp_asleep_is(const struct trp_child *child);

/* The state goes with the next Birth. */
void trp_asleep_put(const struct trp_child *child,
		    Troupe__Control__Birth *birth);

/* The request: 0; -EBUSY: something that is no mail may come for it. */
int trp_asleep_on_sleep(struct trp_request *request);

/* Why a process has ended that its owner keeps DOWN, with nobody told. */
enum trp_rest { TRP_REST_NONE, TRP_REST_DECLINED, TRP_REST_SLEPT };
/* Takes the mark out of the reason where it is told after all. */
enum trp_rest trp_asleep_why(const struct trp_supervisor *supervisor,
			     uint32_t slot, struct troupe_end *end);
