/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The claim of a number on a bus whose inboxes anybody may listen to: one that
 * wants a number says so there, and the one that has it answers.  Pure.
 */

#include <stddef.h>
#include <stdint.h>

/* A frame of a session never begins like that. */
struct trp_claim {
	char word[8]; /* "probe", "claim", "held", "look" */
	uint64_t id;
};

/* With an id of its own.  0 or -EIO. */
int trp_claim_init(struct trp_claim *claim);
struct trp_claim trp_claim_say(const struct trp_claim *own, const char *word);

enum trp_claim_heard {
	TRP_CLAIM_NONE = 1,  /* mail */
	TRP_CLAIM_IGNORED,   /* our own, or it wants nothing */
	TRP_CLAIM_CONTESTED, /* another wants our number: "held" */
	TRP_CLAIM_HELD,	     /* another has it */
};
enum trp_claim_heard trp_claim_hear(const struct trp_claim *own,
				    const void *payload, size_t length);
