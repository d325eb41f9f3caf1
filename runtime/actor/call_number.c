/* SPDX-License-Identifier: MIT */
#include "runtime/actor/call_number.h"

#include <assert.h>
#include "ipc/hot.h"
#include "runtime/actor/self.h"

static TRP_HOT uint64_t first_number, last_number, end;

uint64_t trp_call_number_next(void)
{
	enum { BLOCK = 1 << 16 };

	if (++last_number >= end) {
		end = last_number + BLOCK;
		if (trp_self.status)
			trp_store_relaxed(&trp_self.status->calls, end);
	}
	return last_number;
}

/* Shown at once, for the successor of one that makes no call. */
void trp_call_number_begin(uint64_t first)
{
	assert(!last_number);
	first_number = last_number = end = first;
	trp_store_relaxed(&trp_self.status->calls, end);
}

bool trp_call_number_is_old(uint64_t number)
{
	return number <= first_number;
}
