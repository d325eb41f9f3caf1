/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Lanes that pass from a process that died to the next incarnation of its actor
 * (README.md, "Succession").
 */

#include "ipc/mailbox.h"

/*
 * In a successor, after trp_mailbox_init() and before it sends or receives. The
 * first takes over the lanes where its predecessors left them.  The second says
 * that nothing is needed of these any more: the layer above may take over what
 * it has there in between.  Then records that were done with are passed, and
 * all others will be handed out.  A first incarnation has nothing to do. 0;
 * -ENOMEM or -ENOBUFS: the process must end, and the next one imports again.
 */
int trp_succession_import(struct trp_mailbox *box);
void trp_succession_imported(struct trp_mailbox *box);

/*
 * How many predecessors in a row died while they had that record in a handler;
 * mostly 0.  The layer above says so by `at_work` of the front, and clears
 * `again` when it is done with the record.
 */
uint32_t trp_succession_attempts(const struct trp_mailbox *box,
				 const struct trp_mail *mail);

/*
 * That record, where it is the next of its lane: 1, as trp_mailbox_receive();
 * or 0.  `again` names one only, so it is to be taken before any other.
 */
int trp_succession_again(struct trp_mailbox *box, struct trp_mail *ret_mail);

/*
 * For the supervisor, when the next incarnation has its region and before its
 * life is stored: the region of the one before, if that died before it had
 * taken over, or TRP_NO_REGION.  Nobody has mail of it, and it had read none;
 * the next one takes over from those before.  It is to be released when the
 * life is stored.
 */
uint32_t trp_succession_passed(const struct trp_arena *arena, uint32_t slot);

/*
 * For the supervisor, of a slot that is alive: the region of its oldest former
 * incarnation if no process needs it any more; or TRP_NO_REGION.  Rings those
 * that do.  It may be released, and then the next one asked for.
 */
uint32_t trp_succession_spent(struct trp_mailbox *box, uint32_t slot);

/*
 * Of a slot that has become free: one of its regions to be released, or
 * TRP_NO_REGION when all are.
 */
uint32_t trp_succession_left(const struct trp_arena *arena, uint32_t slot);
