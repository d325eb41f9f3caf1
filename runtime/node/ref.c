/* SPDX-License-Identifier: MIT */
#include "runtime/node/ref.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

uint64_t trp_ref_here = (uint64_t)TRP_NODE_ALONE << TRP_REF_NODE;

int trp_ref_set_here(uint32_t number)
{
	if (!number || number >= 1 << (64 - TRP_REF_NODE))
		return -EPROTO;
	trp_ref_here = (uint64_t)number << TRP_REF_NODE;
	return 0;
}

/* The alias and the generation are printed as one. */
static const uint32_t LAST_PART = (1 << TRP_REF_SLOT) - 1;

const char *trp_ref_print(troupe_ref ref, char text[static TRP_REF_TEXT_SIZE])
{
	uint32_t node = trp_ref_node(ref);
	uint32_t slot = trp_ref_slot(ref), last = (uint32_t)ref & LAST_PART;

	if (node == trp_ref_node(trp_ref_here))
		snprintf(text, TRP_REF_TEXT_SIZE, "%u.%u", slot, last);
	else
		snprintf(text, TRP_REF_TEXT_SIZE, "%u.%u.%u", node, slot, last);
	return text;
}

static bool compose(uint64_t node, uint64_t slot, uint64_t last,
		    troupe_ref *ret_ref)
{
	if (node >> (64 - TRP_REF_NODE) ||
	    slot >> (TRP_REF_NODE - TRP_REF_SLOT) || last > LAST_PART)
		return false;
	*ret_ref = node << TRP_REF_NODE | slot << TRP_REF_SLOT | last;
	return true;
}

bool trp_ref_parse(const char *text, troupe_ref *ret_ref)
{
	uint64_t part[3];
	int count = 0;
	char *end;

	do {
		if (!isdigit((unsigned char)*text))
			return false;
		errno = 0;
		part[count++] = strtoull(text, &end, 10);
		if (errno)
			return false;
		text = end + 1;
	} while (*end == '.' && count < 3);
	if (*end || (count == 1 && !part[0]))
		return false;
	if (count == 1) {
		*ret_ref = part[0];
		return true;
	}
	return compose(count == 3 ? part[0] : trp_ref_node(trp_ref_here),
		       part[count - 2], part[count - 1], ret_ref);
}
