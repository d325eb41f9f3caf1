/* SPDX-License-Identifier: MIT */
#include "runtime/test/ends.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "runtime/test/failure.h"
#include "runtime/test/patience.h"
#include "runtime/test/told.h"
#include "runtime/troupe_ends.h"
#include "runtime/troupe_monitor.h"
#include "runtime/troupe_test.h"

/* A monitor tells one end, which is waiting in the probe or still to come. */
static struct {
	troupe_ref *ref; /* of those that have a monitor */
	size_t count, room;
} watched;

static troupe_ref *find(troupe_ref ref)
{
	for (size_t i = 0; i < watched.count; i++)
		if (watched.ref[i] == ref)
			return &watched.ref[i];
	return NULL;
}

int trp_ends_watch(troupe_ref ref)
{
	size_t room = watched.room ? 2 * watched.room : 16;
	troupe_ref *refs;
	int r;

	if (find(ref))
		return 0;
	if (watched.count == watched.room) {
		refs = reallocarray(watched.ref, room, sizeof(*refs));
		if (!refs)
			return -ENOMEM;
		watched.ref = refs;
		watched.room = room;
	}
	r = troupe_monitor(ref, NULL);
	if (r == 0)
		watched.ref[watched.count++] = ref;
	return r;
}

void trp_ends_forget(void)
{
	free(watched.ref);
	memset(&watched, 0, sizeof(watched));
}

static const char *name_of(enum troupe_cause cause)
{
	static const char *const names[] = {
		[TROUPE_NORMAL] = "normally",
		[TROUPE_SHUTDOWN] = "because it was told to stop",
		[TROUPE_KILLED] = "by SIGKILL",
		[TROUPE_ERROR] = "with an error",
		[TROUPE_SIGNAL] = "by a signal",
		[TROUPE_LIMIT] = "at a limit",
		[TROUPE_NOPROC] = "before, unseen (no such actor)",
		[TROUPE_NOCONNECTION] = "with its connection",
	};

	return cause < sizeof(names) / sizeof(names[0]) ? names[cause] : "?";
}

/* The next end of that actor; of one that is restarted there will be more. */
static int take(troupe_ref ref, int64_t ms, struct troupe_end *ret_end)
{
	const struct troupe_pattern pattern = {
		.type = &troupe__end__descriptor, .sender = ref
	};
	struct troupe_message message;
	troupe_ref *at;
	int r = trp_ends_watch(ref);

	if (r < 0)
		return r;
	r = trp_patience_receive(&pattern, 1, ms, &message);
	if (r < 0)
		return r;
	at = find(ref);
	watched.count--;
	*at = watched.ref[watched.count];
	*ret_end = *(const struct troupe_end *)message.body;
	return ret_end->will_restart ? trp_ends_watch(ref) : 0;
}

const struct troupe_end *(troupe_test_expect_end)(troupe_ref ref,
						  enum troupe_cause cause,
						  int64_t ms)
{
	static struct troupe_end end;
	static char text[TRP_TOLD_SIZE];
	char reason[192];
	int r = take(ref, ms, &end);

	if (r == 0 && end.reason.cause == cause)
		return &end;
	if (r == 0)
		trp_failure_tell("expected that %s ends %s; it ended: %s",
				 end.name[0] ? end.name
					     : trp_told_actor(ref, text),
				 name_of(cause),
				 troupe_reason_text(&end.reason, reason,
						    sizeof(reason)));
	else if (r == -ETIMEDOUT)
		trp_failure_tell("expected an end within %lld ms%s",
				 (long long)trp_patience_ms(ms),
				 trp_told_state(ref, text));
	else
		trp_failure_tell("expected an end: %s", strerror(-r));
	return NULL;
}
