/* SPDX-License-Identifier: MIT */
#include "runtime/supervisor/exit_record.h"

#include "runtime/node/log.h"
#include "runtime/node/ref.h"
#include "runtime/node/status.h"
#include "runtime/node/trace.h"
#include "runtime/supervisor/supervisor.h"
#include "serialize/printable.h"

bool trp_exit_record_is_worth_a_line(const struct troupe_end *end)
{
	return end->reason.cause != TROUPE_NORMAL &&
	       end->reason.cause != TROUPE_SHUTDOWN;
}

void trp_exit_record_hear(struct troupe_end *end)
{
	struct trp_log_line line;

	if (!trp_exit_record_is_worth_a_line(end) ||
	    !trp_log_ring_read(trp_log_ring_latest(trp_ref_slot(end->ref)),
			       &line) ||
	    line.ref != end->ref || line.pid != end->pid)
		return;
	trp_printable(line.text, end->said, sizeof(end->said));
}

static bool is_in_init(const struct trp_arena *arena, troupe_ref dead)
{
	const struct trp_status *status = trp_status_last(arena, dead);

	return status && trp_status_is_in_step(status) &&
	       trp_load_relaxed(&status->doing) == TROUPE_DOING_INIT;
}

static void log_end(const struct trp_arena *arena, const char *title,
		    const struct troupe_end *end)
{
	char text[256];

	troupe_log(TROUPE_WARNING, "%s[%d] ended: %s%s%s%s%s%s", title,
		   (int)end->pid,
		   troupe_reason_text(&end->reason, text, sizeof(text)),
		   is_in_init(arena, end->ref) ? ", in its init" : "",
		   end->will_restart ? "; it is restarted" : "",
		   end->said[0] ? "; it said last: \"" : "", end->said,
		   end->said[0] ? "\"" : "");
}

void trp_exit_record(struct trp_supervisor *supervisor, uint32_t slot,
		     const char *title, const struct troupe_end *end,
		     uint32_t put_aside)
{
	trp_exit_history_add(&supervisor->exit_history, end);
	/* The end of the root shows in the node's end, or in its status. */
	if (trp_exit_record_is_worth_a_line(end) &&
	    (slot != supervisor->root || end->reason.cause != TROUPE_ERROR))
		log_end(&supervisor->node.arena, title, end);
	trp_crash_note(supervisor, slot, title, end);
	if (put_aside)
		troupe_log(TROUPE_WARNING,
			   "%u dead letters: mail that %s[%d] had put aside",
			   put_aside, title, (int)end->pid);
	trp_trace_ended(end->pid, title,
			supervisor->children.child[slot].spawned_at,
			&end->reason);
	if (slot == supervisor->root) {
		supervisor->root_end = *end;
		supervisor->root_end.private_outcome = NULL;
		supervisor->root = 0;
	}
}
