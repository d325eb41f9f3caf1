/* SPDX-License-Identifier: MIT */
#include "runtime/redis/entry.h"

#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Calendar time minus monotonic time, ns. */
static int64_t calendar(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec - troupe_now().ns;
}

static size_t add(struct trp_redis_word *words, size_t at, const char *name,
		  const void *bytes, size_t size)
{
	words[at] = trp_redis_word(name);
	words[at + 1] = (struct trp_redis_word) { bytes, size };
	return at + 2;
}

size_t trp_redis_entry_write(const struct troupe_mail *mail, char origin[160],
			     struct trp_redis_word ret[TRP_REDIS_ENTRY_WORDS])
{
	size_t at = 0;
	int length = sprintf(origin,
			     "%" PRIx64 " %" PRIx64 " %" PRIx64 " %x %" PRIx64,
			     mail->sender, mail->node, mail->flow, mail->hop,
			     (uint64_t)(mail->created.ns + calendar()));

	at = add(ret, at, "type", mail->type, strlen(mail->type));
	at = add(ret, at, "body", mail->body, mail->body_size);
	at = add(ret, at, "origin", origin, (size_t)length);
	if (mail->service) {
		at = add(ret, at, "service", mail->service,
			 strlen(mail->service));
		at = add(ret, at, "method", mail->method, strlen(mail->method));
	}
	if (mail->attachment)
		at = add(ret, at, "attachment", mail->attachment,
			 mail->attachment_size);
	return at;
}

static bool read_id(const char *text, struct trp_redis_id *ret_id)
{
	char *end;
	uint64_t ms;

	if (*text < '0' || *text > '9')
		return false;
	ms = strtoull(text, &end, 10);
	if (*end != '-' || end[1] < '0' || end[1] > '9')
		return false;
	*ret_id = (struct trp_redis_id) { ms, strtoull(end + 1, &end, 10) };
	return !*end;
}

bool trp_redis_entry_reads_id(const redisReply *reply,
			      struct trp_redis_id *ret_id)
{
	return reply->type == REDIS_REPLY_STRING && read_id(reply->str, ret_id);
}

bool trp_redis_entry_is(const redisReply *reply, struct trp_redis_id *ret_id)
{
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 ||
	    !trp_redis_entry_reads_id(reply->element[0], ret_id) ||
	    reply->element[1]->type != REDIS_REPLY_ARRAY)
		return false;
	for (size_t i = 0; i < reply->element[1]->elements; i++)
		if (reply->element[1]->element[i]->type != REDIS_REPLY_STRING)
			return false;
	return true;
}

void trp_redis_entry_say_id(struct trp_redis_id id,
			    char text[TRP_REDIS_ID_TEXT])
{
	snprintf(text, TRP_REDIS_ID_TEXT, "%" PRIu64 "-%" PRIu64, id.ms,
		 id.seq);
}

/* One block: the words, then their bytes, each with a NUL behind. */
void trp_redis_entry_fill(struct trp_redis_entry *entry,
			  const struct redisReply *fields)
{
	size_t count = fields->elements, size = count * sizeof(*entry->words);
	struct trp_redis_word *words;
	char *at;

	for (size_t i = 0; i < count; i++)
		size += fields->element[i]->len + 1;
	words = trp_redis_connection_need(malloc(size + 1));
	at = (char *)(words + count);
	for (size_t i = 0; i < count; i++) {
		const redisReply *field = fields->element[i];

		words[i] = (struct trp_redis_word) { at, field->len };
		if (field->len)
			memcpy(at, field->str, field->len);
		at += field->len;
		*at++ = '\0';
	}
	entry->words = words;
	entry->count = count;
	entry->size = size;
}

void trp_redis_entry_empty(struct trp_redis_entry *entry)
{
	free(entry->words);
	entry->words = NULL;
	entry->count = 0;
	entry->mail = (struct troupe_mail) { 0 };
}

/* NULL: it is not there. */
static const struct trp_redis_word *find(const struct trp_redis_entry *entry,
					 const char *name)
{
	for (size_t i = 0; i + 1 < entry->count; i += 2)
		if (strcmp(entry->words[i].bytes, name) == 0)
			return &entry->words[i + 1];
	return NULL;
}

static const char *text_of(const struct trp_redis_entry *entry,
			   const char *name)
{
	const struct trp_redis_word *word = find(entry, name);

	return word ? word->bytes : NULL;
}

/* An entry added by others has none, and no sender. */
static bool read_origin(struct troupe_mail *mail, const char *origin)
{
	uint64_t created;
	int length = 0;

	if (!origin)
		return true;
	if (sscanf(origin,
		   "%" SCNx64 " %" SCNx64 " %" SCNx64 " %x %" SCNx64 "%n",
		   &mail->sender, &mail->node, &mail->flow, &mail->hop,
		   &created, &length) != 5 ||
	    origin[length])
		return false;
	mail->created.ns = (int64_t)created - calendar();
	return true;
}

const char *trp_redis_entry_read(struct trp_redis_entry *entry)
{
	const struct trp_redis_word *body = find(entry, "body");
	const struct trp_redis_word *attachment = find(entry, "attachment");
	struct troupe_mail *mail = &entry->mail;

	*mail = (struct troupe_mail) {
		.type = text_of(entry, "type"),
		.service = text_of(entry, "service"),
		.method = text_of(entry, "method"),
		.created = troupe_now(),
		.number = entry->number,
	};
	if (!mail->type || !mail->type[0])
		return "it has no field `type`";
	if (!body)
		return "it has no field `body`";
	if (!mail->service != !mail->method)
		return "of `service` and `method` it has one alone";
	if (!read_origin(mail, text_of(entry, "origin")))
		return "its field `origin` cannot be read";
	mail->body = body->bytes;
	mail->body_size = body->size;
	if (attachment) {
		mail->attachment = attachment->bytes;
		mail->attachment_size = attachment->size;
	}
	return NULL;
}
