/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include "runtime/troupe.h"

Test(reason, a_signal_is_told_by_number_and_name)
{
	struct troupe_reason reason = { TROUPE_LIMIT, SIGXCPU, false, "" };
	char text[128];

	cr_assert_str_eq(troupe_reason_text(&reason, text, sizeof(text)),
			 "limit 24, CPU time limit exceeded");
	reason = (struct troupe_reason) { TROUPE_SIGNAL, SIGSEGV, true, "" };
	cr_assert_str_eq(troupe_reason_text(&reason, text, sizeof(text)),
			 "signal 11, Segmentation fault (core dumped)");
}
