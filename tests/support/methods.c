/* SPDX-License-Identifier: MIT */
#include "tests/support/methods.h"

#include <assert.h>
#include <errno.h>
#include "runtime/troupe.h"

void clerk_twice(Play__Clerk_Service *service, const Play__Number *number,
		 Play__Number_Closure reply, void *call)
{
	Play__Number answer = PLAY__NUMBER__INIT;

	answer.value = 2 * number->value;
	reply(&answer, call);
}

void clerk_refuse(Play__Clerk_Service *service, const Play__Number *number,
		  Play__Number_Closure reply, void *call)
{
	int r = troupe_fail(call, -EDOM, "not today");

	assert(r == 0);
}
