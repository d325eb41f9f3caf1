/* SPDX-License-Identifier: MIT */
#include "ipc/first_blocks.h"

#include <stdlib.h>
#include "ipc/hot.h"

enum { BLOCKS = 8 };

static TRP_HOT struct first_block {
	void *at;
	size_t size; /* 0: none, or taken */
} first[BLOCKS];

static struct first_block *find(size_t size)
{
	for (int i = 0; i < BLOCKS; i++)
		if (first[i].size == size)
			return &first[i];
	return NULL;
}

void trp_first_blocks_add(size_t size)
{
	struct first_block *block = find(0);

	if (!block)
		return;
	block->at = calloc(1, size);
	block->size = block->at ? size : 0;
}

void *trp_first_blocks_take(size_t size)
{
	struct first_block *block = find(size);
	void *at;

	if (!block)
		return calloc(1, size);
	at = block->at;
	*block = (struct first_block) { 0 };
	return at;
}
