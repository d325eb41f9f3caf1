/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The one place where processes are made.  The supervisor forks its zygote,
 * which forks all others with CLONE_PARENT, so the supervisor is their parent
 * and reaps them.  A raw clone leaves glibc's cached thread id and the robust
 * list of mutexes as they were in the zygote; both are fixed here.  An actor
 * may start programs: those are its own children.
 */

#include <sys/types.h>

/*
 * fork(2).  In the child: dies with its parent, which gets `end_signal` at its
 * end and at that of each of its siblings; or SIGCHLD, where the caller has
 * threads.  Returns as fork, or -errno.
 */
pid_t trp_process_fork(int end_signal);

/* Of this process. */
unsigned trp_process_threads(void);

/*
 * This process dies with `parent`, at once if that is no longer its parent.  A
 * change of its user or group undoes this.
 */
void trp_process_die_with(pid_t parent);

/* In the zygote, once, before the first trp_process_clone(). 0 or -errno. */
int trp_process_prepare(void);

/*
 * In the zygote: a sibling.  Returns its pid; 0 in it; -errno.  The sibling
 * ends at once if `supervisor` is not its parent (any more), and dies with it.
 */
pid_t trp_process_clone(pid_t supervisor);

/*
 * A program, as a child of the caller that dies with it: searched for by PATH,
 * with that environment, `fds` as its 0, 1 and 2 (-1: the caller's own), and no
 * signal blocked, ignored or handled.  The caller owns *ret_pidfd.  Returns its
 * pid, or -errno, also that of exec, and then everything is cleaned up.
 */
pid_t trp_process_execute(const char *const *argv,
			  const char *const *environment, const int fds[3],
			  int *ret_pidfd);

/* The name that ps(1) shows; 15 bytes count. */
void trp_process_name(const char *name);

/*
 * From now on that memory, the caller's for ever and mapped from no file, is
 * the command line of this process and its children in ps(1), whatever stands
 * there then.  Nothing where the kernel does not allow that
 * (CONFIG_CHECKPOINT_RESTORE).
 */
void trp_process_show(char *text, size_t size);
