/* SPDX-License-Identifier: MIT */
#include "tests/support/skip.h"

#include <stdlib.h>
#include <string.h>

bool is_expected(const char *what)
{
	const char *word = getenv("TROUPE_EXPECT");
	size_t length;

	for (; word && *word; word += length + (word[length] == ' ')) {
		length = strcspn(word, " ");
		if (length == strlen(what) && strncmp(word, what, length) == 0)
			return true;
	}
	return false;
}
