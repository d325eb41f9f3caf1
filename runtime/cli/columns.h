/* SPDX-License-Identifier: MIT */
#pragma once

/* The columns of `troupe ps` and `troupe top`. */

#include "runtime/look/look.h"

enum { TRP_COLUMN_TEXT = 1024 };

struct trp_column {
	const char *name;    /* for -o and --sort */
	const char *heading; /* above it */
	int width;	     /* negative: to the left; 0: as it takes */
	/* Returns text. */
	const char *(*print)(const struct trp_look *look,
			     const struct trp_look_actor *actor,
			     char text[TRP_COLUMN_TEXT]);
	/* As of qsort(3), the most interesting first. */
	int (*compare)(const struct trp_look_actor *a,
		       const struct trp_look_actor *b);
};

/* The last has no name. */
extern const struct trp_column trp_columns[];

/* NULL: none; then *ret_near names the nearest, or is "". */
const struct trp_column *trp_columns_find(const char *name, size_t length,
					  char ret_near[32]);

/*
 * A cell: at most `room` columns of the terminal (0: as many as it takes), and
 * as many as its column has, unless it is the last of its line.
 */
void trp_columns_write(char *line, size_t size, const struct trp_column *column,
		       const char *text, int room, bool is_last);
