/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SUPPORT_STEP_H
#define TESTS_SUPPORT_STEP_H

/*
 * Running a child one instruction at a time.  The child calls step_mark()
 * where stepping is to begin, and again where it is to end.
 */

#include <stdbool.h>
#include <sys/types.h>

/* In the child: stops until the tracer goes on. */
void step_mark(void);

/* Waits for the child's next mark.  False: it has ended instead. */
bool step_to_mark(pid_t child);

/* One instruction.  False: the child is at a mark, or has ended. */
bool step_once(pid_t child);

/* Lets it run to its next mark or end, at full speed. */
void step_go_on(pid_t child);

#endif
