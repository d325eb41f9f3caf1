/* SPDX-License-Identifier: MIT */
#include "runtime/node/mark.h"

#include <stdio.h>
#include <sys/resource.h>

/* 01, 14 bits of the node's identity, 8 of the incarnation, 40 of the owner. */
static rlim_t mark_of(uint64_t identity, troupe_ref owner, uint8_t incarnation)
{
	return UINT64_C(1) << 62 | (identity & 0x3fff) << 48 |
	       (uint64_t)incarnation << 40 | trp_ref_in_node(owner);
}

void trp_mark_set(uint64_t identity, troupe_ref owner, uint32_t incarnation)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_RSS, &limit) < 0)
		return;
	limit.rlim_cur = mark_of(identity, owner, (uint8_t)incarnation);
	setrlimit(RLIMIT_RSS, &limit);
}

bool trp_mark_get(pid_t pid, uint64_t identity, troupe_ref *ret_owner,
		  uint8_t *ret_incarnation)
{
	unsigned long long mark = 0;
	char path[40], line[128];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/limits", (int)pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "Max resident set %llu", &mark) == 1)
			break;
	fclose(file);
	*ret_owner = trp_ref_of_node(mark);
	*ret_incarnation = (uint8_t)(mark >> 40);
	return mark == mark_of(identity, *ret_owner, *ret_incarnation);
}
