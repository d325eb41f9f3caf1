/* SPDX-License-Identifier: MIT */
#include "ipc/bus/presence.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { HEAD = 9 };

static const char here[4] = { 'h', 'e', 'r', 'e' };
static const char gone[4] = { 'g', 'o', 'n', 'e' };

bool trp_presence_is_name(const char *node)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
	size_t length = strspn(node, allowed);

	return length && length < TRP_PRESENCE_NODE_SIZE && !node[length] &&
	       node[0] != '.';
}

int trp_presence_set(struct trp_presence *presence, const char *node,
		     const void *words, size_t length)
{
	if (!trp_presence_is_name(node) ||
	    (presence->node[0] && strcmp(presence->node, node) != 0))
		return -EINVAL;
	if (length > TRP_PRESENCE_WORDS_MAX)
		return -EMSGSIZE;
	strcpy(presence->node, node);
	if (length)
		memcpy(presence->words, words, length);
	presence->length = length;
	presence->is_new = true;
	return 0;
}

int trp_presence_attend(struct trp_presence *presence, const char *node,
			bool is_wanted)
{
	struct trp_presence_wish **at = &presence->wishes, *wish;

	if (node && !trp_presence_is_name(node))
		return -EINVAL;
	if (!node)
		node = "";
	while ((wish = *at) && strcmp(wish->node, node) != 0)
		at = &wish->next;
	presence->are_wishes_new = true;
	if (wish || !is_wanted) {
		if (wish)
			wish->is_over = !is_wanted;
		return 0;
	}
	wish = calloc(1, sizeof(*wish));
	if (!wish)
		return -ENOMEM;
	strcpy(wish->node, node);
	*at = wish;
	return 0;
}

bool trp_presence_wants(const struct trp_presence *presence, const char *node)
{
	const struct trp_presence_wish *wish;

	for (wish = presence->wishes; wish; wish = wish->next)
		if (!wish->is_over &&
		    (!wish->node[0] || strcmp(wish->node, node) == 0))
			return true;
	return false;
}

void trp_presence_sweep(struct trp_presence *presence)
{
	struct trp_presence_wish **at = &presence->wishes, *wish;

	while ((wish = *at)) {
		if (wish->is_over) {
			*at = wish->next;
			free(wish);
		} else {
			at = &wish->next;
		}
	}
	presence->are_wishes_new = false;
}

void trp_presence_relink(struct trp_presence *presence)
{
	struct trp_presence_wish *wish;

	trp_presence_sweep(presence);
	for (wish = presence->wishes; wish; wish = wish->next)
		wish->is_asked = false;
	presence->are_wishes_new = presence->wishes;
	presence->is_new = presence->node[0];
}

void trp_presence_fini(struct trp_presence *presence)
{
	struct trp_presence_wish *wish;

	while ((wish = presence->wishes)) {
		presence->wishes = wish->next;
		free(wish);
	}
}

size_t trp_presence_write(const struct trp_presence *presence, uint32_t number,
			  bool is_gone,
			  uint8_t space[static TRP_PRESENCE_BYTES_MAX])
{
	uint32_t bits = htole32(number);
	size_t name = strlen(presence->node);
	size_t length = is_gone ? 0 : presence->length;

	memcpy(space, is_gone ? gone : here, sizeof(here));
	memcpy(space + 4, &bits, 4);
	space[8] = (uint8_t)name;
	for (size_t i = 0; i < name; i++)
		space[HEAD + i] = (uint8_t)presence->node[i];
	memcpy(space + HEAD + name, presence->words, length);
	length += HEAD + name;
	if (!presence->seal.sign)
		return length;
	presence->seal.sign(presence->seal.user, space, length, space + length);
	return length + TRP_PRESENCE_TAG;
}

/* Takes the tag from its end. */
static bool is_sealed(const struct trp_presence_seal *seal,
		      const uint8_t *bytes, size_t *length)
{
	if (!seal->verify)
		return true;
	if (*length < TRP_PRESENCE_TAG)
		return false;
	*length -= TRP_PRESENCE_TAG;
	return seal->verify(seal->user, bytes, *length, bytes + *length);
}

int trp_presence_read(const struct trp_presence *presence, const void *bytes,
		      size_t length, struct trp_presence_heard *ret_heard)
{
	struct trp_presence_heard heard = { 0 };
	const uint8_t *at = bytes;
	uint32_t bits;
	size_t name;

	if (!is_sealed(&presence->seal, bytes, &length))
		return -EBADMSG;
	name = length > HEAD ? at[8] : 0;
	if (!name || name >= sizeof(heard.node) || length - HEAD < name ||
	    length - HEAD - name > TRP_PRESENCE_WORDS_MAX)
		return -EBADMSG;
	memcpy(&bits, at + 4, 4);
	memcpy(heard.node, at + HEAD, name);
	heard.number = le32toh(bits);
	heard.is_gone = memcmp(at, gone, sizeof(gone)) == 0;
	heard.words = at + HEAD + name;
	heard.length = length - HEAD - name;
	if ((!heard.is_gone && memcmp(at, here, sizeof(here)) != 0) ||
	    (heard.is_gone && heard.length) || !heard.number ||
	    strlen(heard.node) != name || !trp_presence_is_name(heard.node))
		return -EBADMSG;
	*ret_heard = heard;
	return 0;
}
