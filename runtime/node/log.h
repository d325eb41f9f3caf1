/* SPDX-License-Identifier: MIT */
#ifndef TRP_RUNTIME_LOG_H
#define TRP_RUNTIME_LOG_H

/*
 * From now on this process does not stand still with who reads its log, as the
 * supervisor must not: while that pipe stays full, lines are lost, and counted.
 */
void trp_log_never_wait(void);

/* Says how many, if somebody reads again. */
void trp_log_catch_up(void);

#endif
