/* SPDX-License-Identifier: MIT */
#pragma once

/* Calls for the service of this actor's class. */

#include "runtime/actor/self.h"
#include "runtime/troupe_dead_letters.h"

/* Runs its method; as trp_dispatch_mail(). */
int trp_method_invoke(const struct trp_mail *mail,
		      const struct trp_envelope *envelope);

/* True: a call is not over yet. */
bool trp_method_is_in_work(void);

/* Drops mail; a call is answered with a failure.  TRP_STEP_DONE. */
int trp_method_refuse(enum troupe_dead_cause cause, const struct trp_mail *mail,
		      const struct trp_envelope *envelope, int code,
		      const char *text);
