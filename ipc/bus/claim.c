/* SPDX-License-Identifier: MIT */
#include "ipc/bus/claim.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/random.h>

static_assert(sizeof(struct trp_claim) == 16, "no padding, on the wire");

int trp_claim_init(struct trp_claim *claim)
{
	*claim = (struct trp_claim) { 0 };
	return getrandom(&claim->id, sizeof(claim->id), 0) == sizeof(claim->id)
		       ? 0
		       : -EIO;
}

struct trp_claim trp_claim_say(const struct trp_claim *own, const char *word)
{
	struct trp_claim said = { .id = own->id };

	strcpy(said.word, word);
	return said;
}

enum trp_claim_heard trp_claim_hear(const struct trp_claim *own,
				    const void *payload, size_t length)
{
	struct trp_claim other;

	if (length != sizeof(other))
		return TRP_CLAIM_NONE;
	memcpy(&other, payload, sizeof(other));
	if (memcmp(other.word, "probe\0\0", 8) == 0 ||
	    memcmp(other.word, "look\0\0\0", 8) == 0)
		return TRP_CLAIM_IGNORED;
	if (memcmp(other.word, "claim\0\0", 8) == 0)
		return other.id == own->id ? TRP_CLAIM_IGNORED
					   : TRP_CLAIM_CONTESTED;
	if (memcmp(other.word, "held\0\0\0", 8) == 0)
		return other.id == own->id ? TRP_CLAIM_IGNORED : TRP_CLAIM_HELD;
	return TRP_CLAIM_NONE;
}
