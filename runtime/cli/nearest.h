/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The name that was meant by a mistyped word: the one that the fewest letters
 * lead to (left out, added, changed, or two exchanged), if these are few for
 * the length of the word.  A word that begins a name is near it.
 */

struct trp_nearest {
	const char *word; /* set by the caller, all else 0 */
	char best[32];	  /* "": none is near */
	unsigned distance;
};

void trp_nearest_try(struct trp_nearest *nearest, const char *name);
