/* SPDX-License-Identifier: MIT */
#include "runtime/cli/nearest.h"

#include <string.h>

enum { LONGEST = sizeof(((struct trp_nearest *)NULL)->best) - 1 };

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/*
 * Of Damerau and Levenshtein, where no letter is moved twice: row[i % 3][k] is
 * the distance of the first i letters of a to the first k of b.
 */
static unsigned distance(const char *a, const char *b)
{
	size_t m = strlen(a), n = strlen(b);
	unsigned row[3][LONGEST + 1];

	for (size_t k = 0; k <= n; k++)
		row[0][k] = (unsigned)k;
	for (size_t i = 1; i <= m; i++) {
		unsigned *to = row[i % 3], *from = row[(i + 2) % 3];

		to[0] = (unsigned)i;
		for (size_t k = 1; k <= n; k++) {
			to[k] = least(least(from[k], to[k - 1]) + 1,
				      from[k - 1] + (a[i - 1] != b[k - 1]));
			if (i > 1 && k > 1 && a[i - 1] == b[k - 2] &&
			    a[i - 2] == b[k - 1])
				to[k] = least(to[k],
					      row[(i + 1) % 3][k - 2] + 1);
		}
	}
	return row[m % 3][n];
}

void trp_nearest_try(struct trp_nearest *nearest, const char *name)
{
	size_t length = strlen(nearest->word);
	unsigned far;

	if (!length || length > LONGEST || strlen(name) > LONGEST)
		return;
	far = distance(nearest->word, name);
	/* "chi" means "children". */
	if (length > 1 && strncmp(nearest->word, name, length) == 0)
		far = 1;
	if (far > (length + 1) / 3 ||
	    (nearest->best[0] && far >= nearest->distance))
		return;
	strcpy(nearest->best, name);
	nearest->distance = far;
}
