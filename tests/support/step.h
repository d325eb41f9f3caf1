/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Running a child one instruction at a time.  The child calls step_mark() where
 * stepping starts, and again where it ends.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* A fork costs tens of milliseconds there: not each instruction then. */
#ifdef __SANITIZE_ADDRESS__
enum { STEP_STRIDE = 23 };
#else
enum { STEP_STRIDE = 1 };
#endif

/* In the child: stops until the tracer goes on. */
void step_mark(void);

/*
 * Where the tracer is not the parent: the process offers itself at a place that
 * both share, and goes on when the tracer has attached.  The place is 0 before
 * and after that.
 */
void step_offer(_Atomic int32_t *place);
pid_t step_attach(_Atomic int32_t *place);

/* Waits for the child's next mark.  False: it has ended instead. */
bool step_to_mark(pid_t child);

/* One instruction.  False: the child is at a mark, or has ended. */
bool step_once(pid_t child);

/* Lets it run to its next mark or end, at full speed. */
void step_go_on(pid_t child);

/*
 * The path of a child from one mark to the next, found once, so that other
 * children reach any place in it without a stop at each instruction before: for
 * all places of n instructions that would be n * n / 2 stops.
 */
enum { STEP_PATH = 1 << 20 }; /* with a sanitizer, above 65,536 are usual */
struct step_path {
	uintptr_t at[STEP_PATH]; /* at[i]: where i instructions lead */
	unsigned count;
};

/* Steps through to the next mark. */
void step_record(pid_t child, struct step_path *ret_path);

/*
 * From the first mark, the first `steps` instructions of `path`.  False: it was
 * at a mark, or had ended, before.
 */
bool step_along(pid_t child, const struct step_path *path, unsigned steps);
