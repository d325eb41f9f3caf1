/* SPDX-License-Identifier: MIT */
#pragma once

/* Mail to its handler, its method, or a function. */

#include "runtime/actor/self.h"

/* The handlers of the class.  0, -EEXIST, -ENOMEM. */
int trp_dispatch_learn(const struct troupe_class *klass);

/* So many predecessors have died of it: is it handled again? */
bool trp_dispatch_may_try(uint32_t deaths, const struct trp_envelope *envelope);

/* The span of a handler, from `begin` until now. */
void trp_dispatch_trace(int64_t begin, const struct trp_envelope *envelope);

/*
 * Handles mail, which is the current one meanwhile.  envelope: a copy of the
 * one in the mail.  entry: in the custom mailbox that it is from, or 0.
 * ret_handled (or NULL): the result.  enum trp_step, or negative: its handler
 * ends the actor.
 */
int trp_dispatch_mail(const struct trp_mail *mail,
		      const struct trp_envelope *envelope, uint64_t entry,
		      struct trp_handled *ret_handled);
