/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Whether a run is there of which something was said.  Pure: the caller passes
 * in time, frames and randomness.  Words are signed, and may be repeated by a
 * stranger who has recorded them.  So they are believed only as the run itself
 * bears them out: it is sent a HELLO (runtime/session) with a number that was
 * drawn for it, and its WELCOME has that number, and is signed.  Such a HELLO
 * opens nothing.  Without a guard words are believed as they are.
 *
 *	HERE	is told once the run has answered; never if it does not
 *	GONE	is told once the bus has nobody of that number, or the run has
 *		not answered for a second; never if it does
 */

#include "ipc/bus/presence.h"
#include "ipc/time.h"
#include "runtime/session/guard.h"

enum {
	TRP_MAIL_PROOFS_MAX = 16384, /* at once; more words are not heard */
	TRP_MAIL_PROOF_BUCKETS = 256,
	TRP_MAIL_PROOF_FIRST_MS = 100, /* until it is asked again, doubling */
	TRP_MAIL_PROOF_GONE_MS = 1000,
	TRP_MAIL_PROOF_HERE_MS = 10000,
};

/* They must not call in here. */
struct trp_mail_proof_calls {
	/* 0 or a negative errno, -EHOSTUNREACH: nobody has that number. */
	int (*ask)(uint32_t number, const void *frame, size_t length);
	void (*random)(void *user, void *bytes, size_t length);
	void (*tell)(const struct trp_presence_heard *heard);
};

struct trp_mail_proofs {
	struct trp_mail_proof *bucket[TRP_MAIL_PROOF_BUCKETS];
	size_t count;
	struct trp_time due;	 /* not after that of any */
	uint32_t number;	 /* of this run */
	struct trp_guard *guard; /* borrowed; NULL: none */
	const struct trp_mail_proof_calls *calls;
};

void trp_mail_proofs_init(struct trp_mail_proofs *proofs, uint32_t number,
			  struct trp_guard *guard,
			  const struct trp_mail_proof_calls *calls);

/* Forgets all: its link is down, and others speak again after it. */
void trp_mail_proofs_clear(struct trp_mail_proofs *proofs);

/* Returns 0; -ENOBUFS: too many are asked; -ENOMEM. */
int trp_mail_proofs_hear(struct trp_mail_proofs *proofs,
			 const struct trp_presence_heard *heard,
			 struct trp_time now);

/* Bytes of a bus.  True: it was an answer, and is nobody else's affair. */
bool trp_mail_proofs_receive(struct trp_mail_proofs *proofs, const void *bytes,
			     size_t length);

/* The bus says that nobody has this number. */
void trp_mail_proofs_nobody(struct trp_mail_proofs *proofs, uint32_t number);

/* At `due`; early or late is safe. */
void trp_mail_proofs_tick(struct trp_mail_proofs *proofs, struct trp_time now);
