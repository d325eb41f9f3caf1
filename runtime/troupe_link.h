/* SPDX-License-Identifier: MIT */
#ifndef TROUPE_LINK_H
#define TROUPE_LINK_H

/*
 * Links and exit signals, as those of Erlang.  A link joins the fates of two
 * actors: when one ends, the other gets an exit signal with its reason.  An
 * actor that does not trap exit signals ends with that reason, as if it were
 * told to stop, and so passes it on to all that it is linked to; a normal
 * reason does nothing.  An actor traps whose class has `exit_signal`, which is
 * then called instead.  Errors and ownership as in troupe.h.
 *
 *	end->ref	 the actor that has ended, or has sent the signal
 *	end->reason	 why; TROUPE_NOPROC: a link to one that was gone
 *	end->pid	 0: it has not ended, but called troupe_exit_signal()
 *
 * The signal of an end comes after all messages of the dead actor, that of a
 * living one after those that it had sent before.  A callback that runs is not
 * interrupted, but functions that wait for others return -ECANCELED, and
 * troupe_is_stopping() is true; those of troupe_supervise.h return when the
 * supervisor answers.  A signal that came while a function computed is the
 * reason of its end, too.  A kill (troupe_kill(), SIGKILL) cannot be trapped;
 * those linked to its victim get TROUPE_KILLED, which can.
 */

#include "troupe_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A link is symmetric, and there is at most one between two actors: either of
 * them may undo it.  It ends with either of them and is not inherited by a
 * successor (troupe_restart.h).  To oneself: nothing.  To an actor that is
 * gone: an exit signal with TROUPE_NOPROC.  To one that is being restarted: it
 * holds from its next start on.
 * After troupe_unlink() no signal of that link comes, even if it was on its
 * way.  0, -EINVAL (no reference), -ENOMEM.
 */
TROUPE_API int troupe_link(troupe_ref ref);
TROUPE_API int troupe_unlink(troupe_ref ref);

/*
 * Sends an exit signal without ending.  The target need not be linked; one that
 * is restarted meanwhile does not get it.  To oneself, where it is not trapped:
 * this actor ends after the running callback, also with a normal reason.  Of
 * several reasons to end the first counts.
 * 0, -EINVAL, or as troupe_send().
 */
TROUPE_API int troupe_exit_signal(troupe_ref to,
				  const struct troupe_reason *reason);

/*
 * For function actors and guests: from now on exit signals are trapped, or no
 * longer.  Those that are trapped are messages for a pattern of this type; the
 * body is a const struct troupe_end *, and everything else as with
 * troupe__end__descriptor (troupe_ends.h).  -EINVAL: not a function actor.
 */
TROUPE_API int troupe_trap_exits(bool is_wanted);
extern TROUPE_API const ProtobufCMessageDescriptor
	troupe__exit_signal__descriptor;

#ifdef __cplusplus
}
#endif

#endif
