/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The words of a run of a node about itself on a bus for mail, and the nodes to
 * which it attends.  Pure.  As bytes:
 *
 *	0 word:4	"here" or "gone"
 *	4 number:4	of the run, little-endian
 *	8 length:1	of the name
 *	9 the node's name, and its own words
 *	  tag:16	of all before it, where there is a seal
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	TRP_PRESENCE_NODE_SIZE = 64,
	TRP_PRESENCE_WORDS_MAX = 2048,
	TRP_PRESENCE_TAG = 16,
	TRP_PRESENCE_BYTES_MAX = 9 + TRP_PRESENCE_NODE_SIZE +
				 TRP_PRESENCE_WORDS_MAX + TRP_PRESENCE_TAG,
};

/* Tells words of this mesh from those of a stranger. */
struct trp_presence_seal {
	void (*sign)(void *user, const uint8_t *bytes, size_t length,
		     uint8_t tag[static TRP_PRESENCE_TAG]);
	bool (*verify)(void *user, const uint8_t *bytes, size_t length,
		       const uint8_t tag[static TRP_PRESENCE_TAG]);
	void *user;
};

struct trp_presence_wish {
	struct trp_presence_wish *next;
	bool is_over;			   /* remove it */
	bool is_asked;			   /* in this link */
	char node[TRP_PRESENCE_NODE_SIZE]; /* "": all */
};

struct trp_presence {
	char node[TRP_PRESENCE_NODE_SIZE]; /* "": it says nothing */
	size_t length;
	uint8_t words[TRP_PRESENCE_WORDS_MAX];
	bool is_new; /* to be said */
	bool are_wishes_new;
	struct trp_presence_wish *wishes;
	struct trp_presence_seal seal; /* sign NULL: none */
};

/* 1 to 63 of A-Z a-z 0-9 - _ . and no dot first. */
bool trp_presence_is_name(const char *node);

/* Returns 0; -EINVAL: no name, or another than before; -EMSGSIZE. */
int trp_presence_set(struct trp_presence *presence, const char *node,
		     const void *words, size_t length);

/* NULL: all.  Returns 0; -EINVAL: no name; -ENOMEM. */
int trp_presence_attend(struct trp_presence *presence, const char *node,
			bool is_wanted);
bool trp_presence_wants(const struct trp_presence *presence, const char *node);

/* Removes those that are over. */
void trp_presence_sweep(struct trp_presence *presence);

/* Another link: all is to be said and asked. */
void trp_presence_relink(struct trp_presence *presence);
void trp_presence_fini(struct trp_presence *presence);

/* "gone" has no words.  Returns the length. */
size_t trp_presence_write(const struct trp_presence *presence, uint32_t number,
			  bool is_gone,
			  uint8_t space[static TRP_PRESENCE_BYTES_MAX]);

struct trp_presence_heard {
	bool is_gone;
	uint32_t number;
	char node[TRP_PRESENCE_NODE_SIZE];
	const void *words; /* borrowed from the bytes */
	size_t length;
};

/* Returns 0 or -EBADMSG. */
int trp_presence_read(const struct trp_presence *presence, const void *bytes,
		      size_t length, struct trp_presence_heard *ret_heard);
