/* SPDX-License-Identifier: MIT */
#pragma once

/* Counts of the kernel for a process: proc_pid_stat(5). */

#include <stdint.h>
#include <sys/types.h>

struct trp_proc_stat {
	int64_t age_ms;
	int64_t cpu_ms; /* user and system */
	int64_t rss;	/* bytes */
};

/* 0; -ESRCH: there is no such process (any more); -EIO. */
int trp_proc_stat_read(pid_t pid, struct trp_proc_stat *ret_stat);
