/* SPDX-License-Identifier: MIT */
#include "runtime/supervisor/exit_seen.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

static enum troupe_cause cause_of_signal(int number)
{
	if (number == SIGKILL)
		return TROUPE_KILLED;
	return number == SIGXCPU || number == SIGXFSZ ? TROUPE_LIMIT
						      : TROUPE_SIGNAL;
}

struct troupe_end trp_exit_seen(enum trp_exit_kind kind, int code)
{
	struct troupe_end end = { .reason.code = code };
	struct troupe_reason *reason = &end.reason;

	switch (kind) {
	case TRP_EXIT_UNBORN:
		reason->cause = TROUPE_ERROR;
		snprintf(reason->text, sizeof(reason->text), "cannot fork: %s",
			 strerror(-code));
		break;
	case TRP_EXIT_STATUS:
		reason->cause = code ? TROUPE_ERROR : TROUPE_NORMAL;
		if (code)
			snprintf(reason->text, sizeof(reason->text),
				 "exit status %d", code);
		break;
	case TRP_EXIT_SIGNAL:
		reason->cause = cause_of_signal(code);
		snprintf(reason->text, sizeof(reason->text), "%s",
			 strsignal(code));
		break;
	case TRP_EXIT_GONE:
		reason->cause = TROUPE_NOCONNECTION;
		strcpy(reason->text, "its process has gone");
		break;
	case TRP_EXIT_EXPELLED:
		reason->cause = TROUPE_KILLED;
		strcpy(reason->text, "expelled");
		break;
	}
	return end;
}
