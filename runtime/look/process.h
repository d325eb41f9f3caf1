/* SPDX-License-Identifier: MIT */
#pragma once

/* The kernel's figures for a process: proc_pid_stat(5). */

#include <stdint.h>
#include <sys/types.h>

struct trp_look_process {
	char state; /* R, S, D, T, t, Z ... */
	int64_t age_ms;
	int64_t cpu_ms; /* user and system */
	int64_t rss;	/* bytes, also those that it shares */
};

/* 0; -ESRCH: the process is gone; -EIO. */
int trp_look_process(pid_t pid, struct trp_look_process *ret_process);

/*
 * The system call in which a process sleeps, "pause(2)", where the kernel tells
 * and it is one in which handlers are found; else "".  Returns text.
 */
const char *trp_look_process_call(pid_t pid, char text[32]);
