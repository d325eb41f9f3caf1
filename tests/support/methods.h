/* SPDX-License-Identifier: MIT */
#pragma once

#include "tests/support/play.pb-c.h"

/* Methods of a Play.Clerk: the double, and an error: -EDOM, "not today". */
void clerk_twice(Play__Clerk_Service *service, const Play__Number *number,
		 Play__Number_Closure reply, void *call);
void clerk_refuse(Play__Clerk_Service *service, const Play__Number *number,
		  Play__Number_Closure reply, void *call);
