/* SPDX-License-Identifier: MIT */
#include "runtime/cli/finding.h"

#include <stdio.h>

enum trp_finding trp_finding_say(enum trp_finding finding, const char *subject,
				 const char *found, const char *advice)
{
	static const char *const mark[] = { [TRP_FINDING_FINE] = "ok  ",
					    [TRP_FINDING_WORSE] = "note",
					    [TRP_FINDING_BROKEN] = "FAIL" };

	printf("%s  %-14s %s\n", mark[finding], subject, found);
	if (finding != TRP_FINDING_FINE)
		printf("      %-14s -> %s\n", "", advice);
	return finding;
}
