/* SPDX-License-Identifier: MIT */
#pragma once

/* A reader of the file that `--trace` writes. */

#include <jansson.h>
#include <stdbool.h>

/*
 * The events, an array that the caller frees with json_decref(); NULL, and it
 * has printed why: not JSON.  Without is_whole the end may be missing, as
 * Perfetto allows.
 */
json_t *trace_file_read(const char *path, bool is_whole);

/* How many events of that phase and category; NULL: any. */
unsigned trace_file_count(const json_t *events, const char *phase,
			  const char *category, const char *name);

/* args[key] of the event at index i, or ""; "pid" and the like are text too. */
const char *trace_file_text(const json_t *event, const char *key);

/*
 * Says what is not so, and returns how often:
 *
 *	each process that has events has a name, and one thread
 *	each end of an arrow has a beginning, no later
 *	each handler and answer is at the end of one
 *	spans of a process are nested or apart
 */
unsigned trace_file_faults(const json_t *events);
