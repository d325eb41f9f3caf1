/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Processes that begin and end: births as the zygote tells them, and ends as
 * waitid(2) does; either may be seen first.  And what those that have ended
 * leave behind: a process that has lost its parent comes to the supervisor, and
 * is killed when the actor that it is of (node/mark.h) has ended.
 */

#include "runtime/zygote/zygote.h"

struct trp_supervisor;

/* Reads what the zygote has told, and whether it is gone. */
void trp_reaper_births(struct trp_supervisor *supervisor);

/* Reaps all that has ended. */
void trp_reaper_run(struct trp_supervisor *supervisor);

/* Kills all actors and the zygote; is_given_up, if that does not help. */
void trp_reaper_kill(struct trp_supervisor *supervisor);

/*
 * Kills and reaps all that is of this node, the zygote too.  For 5 s at most,
 * or until a second signal to end.
 */
void trp_reaper_end(struct trp_supervisor *supervisor);
