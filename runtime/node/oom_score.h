/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * When memory runs out the kernel kills the process with the highest score: its
 * share of all memory, in thousandths, plus these.  Lowering needs
 * CAP_SYS_RESOURCE, raising does not.
 */
enum {
	TRP_OOM_SCORE_SUPERVISOR = -500, /* and its zygote */
	TRP_OOM_SCORE_ACTOR = 200,	 /* above what the node was run with */
};

enum { TRP_OOM_SCORE_TEXT = 12 };

/* Of this process; 0 if it cannot be read. */
int trp_oom_score_get(void);

/* The score as text for the following, which must be quick. */
void trp_oom_score_text(int score, char ret_text[TRP_OOM_SCORE_TEXT]);

/* 0, or as open(2) and write(2): -EACCES if it may not be lowered. */
int trp_oom_score_set(const char *text);

/* The same in two steps, for a process that sets it often. */
int trp_oom_score_open(void);
int trp_oom_score_write(int fd, const char *text);
