/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Which process the kernel ends where memory does: the one that has most, and
 * these shares of all memory, in thousandths, on top.  Lowering needs
 * CAP_SYS_RESOURCE, raising needs nothing.
 */
enum {
	TRP_OOM_SCORE_SUPERVISOR = -500, /* and its zygote */
	TRP_OOM_SCORE_ACTOR = 200,	 /* above what the node was run with */
};

enum { TRP_OOM_SCORE_TEXT = 12 };

/* Of this process; 0 where it cannot be read. */
int trp_oom_score_get(void);

/* The score as set() wants it: each actor has one to set, and no time. */
void trp_oom_score_text(int score, char ret_text[TRP_OOM_SCORE_TEXT]);

/* 0, or what open(2) and write(2) say: -EACCES where it may not be lowered. */
int trp_oom_score_set(const char *text);
