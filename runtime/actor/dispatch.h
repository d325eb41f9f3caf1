/* SPDX-License-Identifier: MIT */
#pragma once

/* Mail to where it is handled: a handler, a method, or a function. */

#include "runtime/actor/self.h"

/* The handlers of the class.  0, -EEXIST, -ENOMEM. */
int trp_dispatch_learn(const struct troupe_class *klass);

/* The span of a handler, from `begin` until now. */
void trp_dispatch_trace(int64_t begin, const struct trp_envelope *envelope);

/*
 * Has mail handled; while it is, it is the current one.  envelope: a copy of
 * what the mail begins with.  entry: of the custom mailbox that handed it out,
 * or 0.  ret_handled (or NULL): what became of it.  enum trp_step, or negative:
 * its handler ends the actor.
 */
int trp_dispatch_mail(const struct trp_mail *mail,
		      const struct trp_envelope *envelope, uint64_t entry,
		      struct trp_handled *ret_handled);
