/* SPDX-License-Identifier: MIT */
#pragma once

/* The words that this actor ends with (node/outcome.h), and those of others. */

#include "runtime/actor/exit_queue.h"
#include "runtime/actor/self.h"
#include "runtime/node/system.pb-c.h"

/*
 * It is about to end with that mail, which it did not handle: nothing where it
 * has said something itself, or the mail is too large.
 */
void trp_result_unhandled(const struct trp_mail *mail,
			  const struct trp_envelope *envelope);

/* It was told to stop, and why. */
void trp_result_ordered(const Troupe__Control__Order *order);
void trp_result_order(struct troupe_reason *ret_reason);

/* The text of its last troupe_end_with(), or NULL. */
const char *trp_result_text(void);

/* It ends in order: cleanly, or as it was told to.  Writes the exit record. */
_Noreturn void trp_result_exit(void);
/* The same with the reason of an exit signal; its own text goes first. */
_Noreturn void trp_result_exit_with(const struct troupe_reason *reason);

/* The message and the whole text of another one's end, into its report. */
void trp_result_take(struct trp_exit_notice *notice,
		     const ProtobufCBinaryData *bytes);
