/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
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

Test(reason, text_behind_the_name_of_a_signal_is_told_as_well)
{
	struct troupe_reason reason = { TROUPE_SIGNAL, SIGABRT, true,
					"Aborted, hung for 9 ms" };
	char text[128];

	cr_assert_str_eq(troupe_reason_text(&reason, text, sizeof(text)),
			 "signal 6, Aborted (core dumped): hung for 9 ms");
	reason = (struct troupe_reason) { TROUPE_KILLED, SIGKILL, false,
					  "Killed, hung for 9 ms" };
	cr_assert_str_eq(troupe_reason_text(&reason, text, sizeof(text)),
			 "killed: hung for 9 ms");
	strcpy(reason.text, "Killed");
	cr_assert_str_eq(troupe_reason_text(&reason, text, sizeof(text)),
			 "killed");
}
