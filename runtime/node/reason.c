/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include "runtime/troupe.h"

static const char *const cause_name[] = {
	[TROUPE_NORMAL] = "normal",
	[TROUPE_SHUTDOWN] = "shutdown",
	[TROUPE_KILLED] = "killed",
	[TROUPE_ERROR] = "error",
	[TROUPE_SIGNAL] = "signal",
	[TROUPE_LIMIT] = "limit",
	[TROUPE_NOPROC] = "no such actor",
	[TROUPE_NOCONNECTION] = "no connection",
};

char *troupe_reason_text(const struct troupe_reason *reason, char *buffer,
			 size_t size)
{
	/* "killed" says it. */
	bool is_said =
		reason->cause == TROUPE_KILLED && reason->code == SIGKILL;
	const char *more = is_said ? "" : reason->text;
	const char *colon = *more ? ": " : "";
	const char *name = (unsigned)reason->cause <= TROUPE_NOCONNECTION
				   ? cause_name[reason->cause]
				   : "unknown";

	switch (reason->cause) {
	case TROUPE_ERROR:
		snprintf(buffer, size, "%s %d%s%s", name, reason->code, colon,
			 more);
		break;
	case TROUPE_LIMIT:
	case TROUPE_SIGNAL:
		snprintf(buffer, size, "%s %d, %s%s", name, reason->code,
			 strsignal(reason->code),
			 reason->has_core ? " (core dumped)" : "");
		break;
	case TROUPE_NORMAL:
	case TROUPE_SHUTDOWN:
	case TROUPE_KILLED:
	case TROUPE_NOPROC:
	case TROUPE_NOCONNECTION:
		snprintf(buffer, size, "%s%s%s", name, colon, more);
		break;
	}
	return buffer;
}
