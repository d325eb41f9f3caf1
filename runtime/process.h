/* SPDX-License-Identifier: MIT */
#ifndef TRP_RUNTIME_PROCESS_H
#define TRP_RUNTIME_PROCESS_H

/*
 * The one place where processes are made.
 *
 * The supervisor forks its zygote, and that forks everybody else, with
 * CLONE_PARENT, so that the supervisor is the parent and reaps them.  A raw
 * clone leaves glibc's cached thread id and the robust list of mutexes as they
 * were in the zygote; both are set right here.
 */

#include <sys/types.h>

/* fork(2).  In the child: dies with `parent`.  Returns as fork, or -errno. */
pid_t trp_process_fork(void);

/* In the zygote, once, before the first trp_process_clone(). 0 or -errno. */
int trp_process_prepare(void);

/*
 * In the zygote: a sibling.  Returns its pid; 0 in it; -errno.  The sibling
 * ends at once if `supervisor` is not its parent (any more), and dies with it.
 */
pid_t trp_process_clone(pid_t supervisor);

/* The name that ps(1) shows; 15 bytes count. */
void trp_process_name(const char *name);

#endif
