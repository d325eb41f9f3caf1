/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Converts mail to an entry of a Redis stream, and back.  README.md has its
 * fields; entries of a stream are untrusted.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "runtime/redis/connection.h"
#include "runtime/troupe_mailbox.h"

struct trp_redis_id {
	uint64_t ms, seq;
};

struct trp_redis_entry {
	struct trp_redis_entry *next;
	uint64_t number;
	struct trp_redis_id id;
	unsigned tries;	 /* begun */
	int64_t due;	 /* of another try */
	bool is_asked;	 /* its fields are */
	bool is_suspect; /* it may kill: wait until the try is counted */
	bool is_marked;
	/* All below: none while a retry is pending. */
	size_t size;  /* bytes */
	size_t count; /* of words: name, value, name, value ... */
	struct trp_redis_word *words;
	struct troupe_mail mail; /* within the words */
};

enum { TRP_REDIS_ENTRY_WORDS = 12, TRP_REDIS_ID_TEXT = 48 };

/*
 * The words of an entry for that mail; they point into it and into `origin`.
 * Returns their number.
 */
size_t trp_redis_entry_write(const struct troupe_mail *mail, char origin[160],
			     struct trp_redis_word ret[TRP_REDIS_ENTRY_WORDS]);

/* A reply that is "12345-0", and one that is [id, [name, value ...]]. */
bool trp_redis_entry_reads_id(const struct redisReply *reply,
			      struct trp_redis_id *ret_id);
bool trp_redis_entry_is(const struct redisReply *reply,
			struct trp_redis_id *ret_id);
void trp_redis_entry_say_id(struct trp_redis_id id,
			    char text[TRP_REDIS_ID_TEXT]);

/* Copies the fields (an array of strings) into the entry. */
void trp_redis_entry_fill(struct trp_redis_entry *entry,
			  const struct redisReply *fields);
void trp_redis_entry_empty(struct trp_redis_entry *entry);

/* Fills entry->mail; NULL, or the reason why the fields are no mail. */
const char *trp_redis_entry_read(struct trp_redis_entry *entry);
