/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Questions by plain messages (troupe_ask.h).  A question has as its sender a
 * temporary reference of this actor (node/ref.h), with a number that no other
 * question of this actor has had for long.  The first message to that reference
 * is the answer.  It comes in the REPLY stream, past all mail; later ones are
 * dead letters.
 *
 * One is asked within another only by closures that run while it waits.
 */

#include "runtime/actor/self.h"

struct trp_question {
	struct trp_question *outer; /* that waits meanwhile; or NULL */
	troupe_ref to;
	uint32_t number;
	uint64_t position; /* in the lane to that actor */
	int result;	   /* 0: none yet; 1: answered; or why it is over */
	struct troupe_message answer;
};

/* Numbers it.  It has to be ended, before those that it is asked within. */
void trp_question_begin(struct trp_question *question, troupe_ref to);
void trp_question_end(struct trp_question *question);

/* That node is lost, 0: all others: questions to its actors are over. */
void trp_question_lost(uint32_t node);

/* A message to a temporary reference, which the correlation tells. */
void trp_question_answered(const struct trp_mail *mail,
			   const struct trp_envelope *envelope);
