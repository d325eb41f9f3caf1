/* SPDX-License-Identifier: MIT */
#pragma once

#include <sys/types.h>
#include "runtime/node/log_ring.h"

struct trp_log_options;

enum { TRP_TITLE_SIZE = TRP_LOG_TITLE };

/* Of a node, in its first process: all others inherit it. */
void trp_log_begin(const struct trp_log_options *options);

/* From now on lines are of that actor, whose process this is. */
void trp_log_is_of(troupe_ref ref);

/* The name of this process in its lines; cut to TRP_TITLE_SIZE. */
void trp_log_set_title(const char *title);
const char *trp_log_title(void);

/*
 * From now on each title is appended to the text in that memory, which the
 * caller gives up for ever: so ps(1) shows both, but log lines only the title.
 */
void trp_log_title_after(char *text);

/*
 * From now on a stopped reader of its log does not stop this process, as the
 * supervisor must go on: while that pipe stays full, lines are lost, and
 * counted.
 */
void trp_log_never_wait(void);

/* write(2), with its errors, but without its signals. */
ssize_t trp_log_write(int fd, const void *bytes, size_t size);

/*
 * A line of the program to the person before it, of more than the log says:
 * "troupe" and that, such as ": cannot load %s" or " ask: ...".
 */
void trp_log_complain(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

/* Logs their number if the log is read again. */
void trp_log_catch_up(void);
