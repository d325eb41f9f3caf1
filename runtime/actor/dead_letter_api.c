/* SPDX-License-Identifier: MIT */
#include "runtime/troupe_dead_letters.h"

#include "runtime/actor/request.h"

static int want(bool wanted)
{
	Troupe__Control__DeadLetters request =
		TROUPE__CONTROL__DEAD_LETTERS__INIT;

	request.wanted = wanted;
	return trp_actor_request(&request.base, NULL);
}

int troupe_dead_letters_subscribe(void)
{
	return want(true);
}

int troupe_dead_letters_unsubscribe(void)
{
	return want(false);
}
