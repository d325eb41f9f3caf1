/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Starts and ends of processes, as the zygote and waitid(2) report them; either
 * may be seen first.  Also orphans: the supervisor adopts a process that has
 * lost its parent, and kills it when its actor (node/mark.h) has ended.
 */

#include "runtime/zygote/zygote.h"

struct trp_supervisor;

/* Reads the zygote's answers, and whether it is gone. */
void trp_reaper_births(struct trp_supervisor *supervisor);

/*
 * That process has ended, a signal says.  Each end of the zygote and of an
 * actor queues a signal of its own, except in two cases: the queue was full
 * (RLIMIT_SIGPENDING), or the process is one that comes with SIGCHLD, which
 * stands for any number.
 */
void trp_reaper_ended(struct trp_supervisor *supervisor, pid_t pid);

/* Reaps all that has ended, but no more often than a walk is worth. */
void trp_reaper_walk(struct trp_supervisor *supervisor);

/* Kills all actors and the zygote; sets is_given_up if that does not help. */
void trp_reaper_kill(struct trp_supervisor *supervisor);

/*
 * Kills and reaps all processes of this node, the zygote too.  For 5 s at most,
 * or until a second signal to end.
 */
void trp_reaper_end(struct trp_supervisor *supervisor);
