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

/* The text begins with the name of the signal: what the supervisor adds. */
static const char *after_name(const struct troupe_reason *reason)
{
	const char *name = strsignal(reason->code);
	size_t size = strlen(name);

	if (strncmp(reason->text, name, size) != 0 || !reason->text[size])
		return "";
	return reason->text + size + strspn(reason->text + size, ", ");
}

char *troupe_reason_text(const struct troupe_reason *reason, char *buffer,
			 size_t size)
{
	/* "killed" says it, or the number. */
	bool is_said =
		reason->cause == TROUPE_SIGNAL ||
		reason->cause == TROUPE_LIMIT ||
		(reason->cause == TROUPE_KILLED && reason->code == SIGKILL);
	const char *more = is_said ? after_name(reason) : reason->text;
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
		snprintf(buffer, size, "%s %d, %s%s%s%s", name, reason->code,
			 strsignal(reason->code),
			 reason->has_core ? " (core dumped)" : "", colon, more);
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
