/* SPDX-License-Identifier: MIT */
#include "runtime/troupe_mailbox.h"

#include <assert.h>
#include <errno.h>
#include <hiredis/hiredis.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "runtime/redis/entry.h"
#include "runtime/redis/list.h"

/*
 * A mailbox in a Redis stream; README.md has the commands and the reasons.
 * Unfinished entries that are known here are in one of three lists:
 *
 *	ready	fetched, in the order of delivery
 *	out	delivered; stashed ones stay here
 *	later	failed, or left by a predecessor: to be fetched again when due
 */

enum {
	WINDOW = 128,	     /* entries fetched ahead */
	PAGE = 100,	     /* of XPENDING */
	ADDS_MAX = 1024,     /* not answered yet, */
	BYTES_MAX = 8 << 20, /* and their bytes; of either */
	ENTRY_MAX = 256 << 20,
	END_MS = 1000,
	LINGER_NS = 1000000, /* a request waits for others */
	RETRY_MS = 1000,
	RETRY_MAX_MS = 3600 * 1000,
	TRIES = 5,
	LIMIT = 100000,
	KEY_SIZE = 256
};

static struct box {
	const struct troupe_redis_mailbox *options;
	struct trp_redis_connection redis;
	struct troupe_timer timer; /* for due entries, and for polling */
	char key[KEY_SIZE], poison[KEY_SIZE];
	const char *group, *consumer;
	unsigned tries;
	int64_t retry_ms;
	uint64_t limit;

	struct trp_redis_list ready, out, later;
	uint64_t last_number;
	uint64_t length;      /* of the stream, as far as known */
	uint64_t kept;	      /* of puts */
	uint64_t adds, bytes; /* not answered yet */
	uint64_t asked;	      /* fetches of entries under way */
	size_t largest;	      /* entry so far, bytes */
	int64_t flushed_at;
	bool is_length_known;
	bool is_recovering;
	bool is_reading;
	bool has_more; /* new entries, perhaps */
	int error;     /* it was refused */
} box;

/* Into `later`, which is in order of time. */
static void put_off(struct trp_redis_entry *entry, int64_t due)
{
	entry->due = due;
	trp_redis_list_put(&box.later, entry);
}

static struct trp_redis_entry *entry_new(struct trp_redis_id id, unsigned tries)
{
	struct trp_redis_entry *entry =
		trp_redis_connection_need(calloc(1, sizeof(*entry)));

	entry->id = id;
	entry->tries = tries;
	entry->number = ++box.last_number;
	return entry;
}

static void entry_free(struct trp_redis_entry *entry)
{
	trp_redis_entry_empty(entry);
	free(entry);
}

/* ---- commands ------------------------------------------------------------ */

#define TEXT(text) trp_redis_word(text)

/* A command of texts; ends with NULL. */
static __attribute__((sentinel)) void ask(enum trp_redis_mode mode,
					  trp_redis_answer answer, uint64_t tag,
					  const char *text, ...)
{
	enum { MOST = 16 };
	struct trp_redis_word words[MOST];
	size_t count = 0;
	va_list rest;

	va_start(rest, text);
	for (; text && count < MOST; text = va_arg(rest, const char *))
		words[count++] = TEXT(text);
	va_end(rest);
	trp_redis_connection_ask(&box.redis, mode, words, count, answer, tag);
}

static bool is_up(void)
{
	return box.redis.state == TRP_REDIS_UP;
}

static void on_deleted(void *data, uint64_t tag, const redisReply *reply)
{
	if (reply->type != REDIS_REPLY_INTEGER || reply->integer <= 0)
		return;
	if (box.length > 0)
		box.length--;
}

/* It is finished, here and in Redis. */
static void finish(struct trp_redis_entry *entry)
{
	char id[TRP_REDIS_ID_TEXT];

	trp_redis_entry_say_id(entry->id, id);
	ask(TRP_REDIS_REPEATED, on_deleted, 0, "XDEL", box.key, id, NULL);
	ask(TRP_REDIS_REPEATED, NULL, 0, "XACK", box.key, box.group, id, NULL);
	entry_free(entry);
}

/* Into the other stream, with all its fields. */
static void set_aside(struct trp_redis_entry *entry, const char *cause)
{
	enum { HEAD = 9 };
	struct trp_redis_word *words = trp_redis_connection_need(
		calloc(HEAD + entry->count, sizeof(*words)));
	char id[TRP_REDIS_ID_TEXT], tries[16];

	trp_redis_entry_say_id(entry->id, id);
	snprintf(tries, sizeof(tries), "%u", entry->tries);
	memcpy(words,
	       (const struct trp_redis_word[HEAD]) {
		       TEXT("XADD"), TEXT(box.poison), TEXT("*"), TEXT("cause"),
		       TEXT(cause), TEXT("tries"), TEXT(tries), TEXT("id"),
		       TEXT(id) },
	       HEAD * sizeof(*words));
	memcpy(words + HEAD, entry->words, entry->count * sizeof(*words));
	troupe_log(TROUPE_WARNING,
		   "set %s of %s aside in %s after %u tries: %s", id, box.key,
		   box.poison, entry->tries, cause);
	trp_redis_connection_ask(&box.redis, TRP_REDIS_REPEATED, words,
				 HEAD + entry->count, NULL, 0);
	free(words);
	finish(entry);
}

/*
 * Sets Redis's count of deliveries, which is the tries and one, see README.md;
 * has its fields sent again, or (JUSTID) not.
 */
static void claim(const struct trp_redis_entry *entry, enum trp_redis_mode mode,
		  unsigned tries, const char *just_id, trp_redis_answer answer)
{
	char id[TRP_REDIS_ID_TEXT], count[16];

	trp_redis_entry_say_id(entry->id, id);
	snprintf(count, sizeof(count), "%u", tries + 1);
	ask(mode, answer, entry->number, "XCLAIM", box.key, box.group,
	    box.consumer, "0", id, "RETRYCOUNT", count, just_id, NULL);
}

static void fetch(struct trp_redis_entry *entry, trp_redis_answer answer)
{
	entry->is_asked = true;
	box.asked++;
	claim(entry, TRP_REDIS_ONCE, entry->tries, NULL, answer);
}

/* ---- fetching ------------------------------------------------------------ */

static int64_t pause_after(unsigned tries)
{
	int64_t pause = box.retry_ms;

	while (--tries > 0 && pause < RETRY_MAX_MS)
		pause *= 2;
	return pause < RETRY_MAX_MS ? pause : RETRY_MAX_MS;
}

/* How many to fetch ahead: few if they are large. */
static size_t window(void)
{
	size_t most = BYTES_MAX / (box.largest + 1);

	if (most == 0)
		return 1;
	return most < WINDOW ? most : WINDOW;
}

/* Its fields have arrived: it is delivered in its turn, if it is mail. */
static void arrived(struct trp_redis_entry *entry, const redisReply *fields)
{
	const char *why;

	trp_redis_entry_fill(entry, fields);
	why = trp_redis_entry_read(entry);
	if (entry->size > box.largest)
		box.largest = entry->size;
	if (!why && entry->tries >= box.tries)
		why = "its handler did not return";
	if (why)
		set_aside(entry, why);
	else
		trp_redis_list_append(&box.ready, entry);
}

/* It was deleted, or Redis has lost it. */
static void forget(struct trp_redis_entry *entry)
{
	char id[TRP_REDIS_ID_TEXT];

	trp_redis_entry_say_id(entry->id, id);
	troupe_log(TROUPE_WARNING, "%s is no longer in %s", id, box.key);
	finish(entry);
}

/* One of `later` has arrived; or it is no longer in the stream, and is
 * dropped. */
static void on_fetched(void *data, uint64_t number, const redisReply *reply)
{
	struct trp_redis_entry **link = trp_redis_list_find(&box.later, number);
	struct trp_redis_entry *entry = *link;
	struct trp_redis_id id;

	assert(entry && entry->is_asked && box.asked > 0);
	box.asked--;
	entry->is_asked = false;
	if (!reply)
		return;
	entry->is_suspect = true;
	trp_redis_list_take(&box.later, link);
	if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 1 &&
	    trp_redis_entry_is(reply->element[0], &id))
		arrived(entry, reply->element[0]->element[1]);
	else
		forget(entry);
}

/* False: there are more that are due. */
static bool fetch_due(int64_t now)
{
	struct trp_redis_entry *entry;

	for (entry = box.later.first; entry && entry->due <= now;
	     entry = entry->next) {
		if (entry->is_asked)
			continue;
		if (box.ready.count + box.asked >= window())
			return false;
		fetch(entry, on_fetched);
	}
	return true;
}

static void on_read(void *data, uint64_t asked, const redisReply *reply)
{
	const redisReply *entries;
	struct trp_redis_id id;

	box.is_reading = false;
	if (!reply || reply->type != REDIS_REPLY_ARRAY ||
	    reply->elements != 1 ||
	    reply->element[0]->type != REDIS_REPLY_ARRAY ||
	    reply->element[0]->elements != 2)
		return;
	entries = reply->element[0]->element[1];
	if (entries->type != REDIS_REPLY_ARRAY)
		return;
	if (entries->elements == asked)
		box.has_more = true;
	for (size_t i = 0; i < entries->elements; i++)
		if (trp_redis_entry_is(entries->element[i], &id))
			arrived(entry_new(id, 0),
				entries->element[i]->element[1]);
}

static void read_new(void)
{
	size_t most = window();
	char count[16];

	if (box.is_reading || !box.has_more || box.ready.count > most / 2)
		return;
	most -= box.ready.count;
	snprintf(count, sizeof(count), "%zu", most);
	box.is_reading = true;
	box.has_more = false;
	ask(TRP_REDIS_ONCE, on_read, most, "XREADGROUP", "GROUP", box.group,
	    box.consumer, "COUNT", count, "STREAMS", box.key, ">", NULL);
}

/* ---- entries of a predecessor -------------------------------------------- */

/*
 * Interrupted at its first try: in its place.  Later: it may be the cause, and
 * waits.
 */
static void recover(struct trp_redis_id id, unsigned tries)
{
	struct trp_redis_entry *entry;

	if (trp_redis_list_has(&box.ready, id) ||
	    trp_redis_list_has(&box.out, id) ||
	    trp_redis_list_has(&box.later, id))
		return;
	entry = entry_new(id, tries);
	if (tries > 1 && tries < box.tries)
		put_off(entry, troupe_in_ms(pause_after(tries - 1)).ns);
	else
		put_off(entry, 0);
}

static void ask_pending(const char *after);

/* [[id, consumer, idle, deliveries] ...] */
static void on_pending(void *data, uint64_t tag, const redisReply *reply)
{
	char last[TRP_REDIS_ID_TEXT + 1] = "(";
	struct trp_redis_id id;

	if (!reply || reply->type != REDIS_REPLY_ARRAY)
		return;
	for (size_t i = 0; i < reply->elements; i++) {
		const redisReply *line = reply->element[i];

		if (line->type != REDIS_REPLY_ARRAY || line->elements != 4 ||
		    !trp_redis_entry_reads_id(line->element[0], &id) ||
		    line->element[3]->type != REDIS_REPLY_INTEGER)
			continue;
		recover(id, line->element[3]->integer > 1
				    ? (unsigned)line->element[3]->integer - 1
				    : 0);
		trp_redis_entry_say_id(id, last + 1);
	}
	if (reply->elements == PAGE && last[1])
		ask_pending(last);
	else
		box.is_recovering = false;
}

static void ask_pending(const char *after)
{
	char count[16];

	snprintf(count, sizeof(count), "%d", PAGE);
	ask(TRP_REDIS_ONCE, on_pending, 0, "XPENDING", box.key, box.group,
	    after, "+", count, box.consumer, NULL);
}

static void on_length(void *data, uint64_t tag, const redisReply *reply)
{
	if (!reply || reply->type != REDIS_REPLY_INTEGER)
		return;
	box.length = (uint64_t)reply->integer;
	box.is_length_known = true;
}

static void on_up(void *data)
{
	ask(TRP_REDIS_MAY_EXIST, NULL, 0, "XGROUP", "CREATE", box.key,
	    box.group, "0", "MKSTREAM", NULL);
	trp_redis_connection_repeat(&box.redis);
	ask(TRP_REDIS_ONCE, on_length, 0, "XLEN", box.key, NULL);
	box.is_recovering = true;
	box.has_more = true;
	ask_pending("-");
}

static void on_refused(void *data, int error)
{
	box.error = error;
}

static const struct trp_redis_calls calls = { on_up, on_refused };

/* ---- the kind ------------------------------------------------------------ */

/*
 * Starts the timer for the next due entry, or for polling.  A due entry that
 * was not fetched waits for room, or for Redis, whose answers wake us.
 */
static void set_timer(int64_t now)
{
	const struct trp_redis_entry *entry = box.later.first;
	int64_t at = INT64_MAX;

	while (entry && entry->due <= now)
		entry = entry->next;
	if (entry)
		at = entry->due;
	if (box.options->look_ms > 0 &&
	    now + box.options->look_ms * 1000000 < at)
		at = now + box.options->look_ms * 1000000;
	if (box.timer.place && box.timer.at.ns <= at)
		return;
	if (at < INT64_MAX)
		troupe_timer_start(&box.timer, (struct troupe_time) { at }, 0);
}

/* get() comes next, and does the work. */
static int on_timer(struct troupe_timer *timer)
{
	if (box.options->look_ms > 0)
		box.has_more = true;
	return 0;
}

static int take_url(const char *url)
{
	int r = trp_redis_url_find(url, &box.redis.address);

	if (r < 0)
		troupe_log(TROUPE_FATAL,
			   "the address of its mailbox, %s, is neither "
			   "redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE] "
			   "nor unix://[[USER]:PASSWORD@]/PATH[?db=DATABASE]",
			   url ? "its class's url" : "TROUPE_REDIS");
	return r;
}

static int redis_open(const struct troupe_mailbox *mailbox, const char *actor,
		      void **ret_box)
{
	const struct troupe_redis_mailbox *options =
		(const struct troupe_redis_mailbox *)mailbox;
	const char *stream = options->stream;

	snprintf(box.key, KEY_SIZE, "%s%s",
		 stream ? "" : "troupe:", stream ? stream : actor);
	/* If the first is too long, so is this. */
	if (snprintf(box.poison, KEY_SIZE, "%s:poison", box.key) >= KEY_SIZE)
		return -ENAMETOOLONG;
	if (take_url(options->url) < 0 || options->retry_ms < 0 ||
	    options->look_ms < 0)
		return -EINVAL;
	box.options = options;
	box.group = options->group ? options->group : "troupe";
	box.consumer = actor;
	box.tries = options->tries ? options->tries : TRIES;
	box.retry_ms = options->retry_ms ? options->retry_ms : RETRY_MS;
	box.limit = options->limit ? options->limit : LIMIT;
	box.timer.fired = on_timer;
	box.redis.calls = &calls;
	*ret_box = &box;
	return trp_redis_connection_begin(&box.redis);
}

static bool redis_has_room(void *data)
{
	return is_up() && box.is_length_known && box.adds < ADDS_MAX &&
	       box.bytes < BYTES_MAX && box.length + box.adds < box.limit;
}

static void on_added(void *data, uint64_t bytes, const redisReply *reply)
{
	assert(box.adds > 0 && box.bytes >= bytes);
	box.kept++;
	box.adds--;
	box.bytes -= bytes;
	box.length++;
}

static int redis_put(void *data, const struct troupe_mail *mail)
{
	enum { HEAD = 3 };
	struct trp_redis_word words[HEAD + TRP_REDIS_ENTRY_WORDS] = {
		TEXT("XADD"), TEXT(box.key), TEXT("*")
	};
	size_t bytes = mail->body_size + mail->attachment_size;
	char origin[160];
	size_t count;

	if (bytes > ENTRY_MAX)
		return -EMSGSIZE;
	count = HEAD + trp_redis_entry_write(mail, origin, words + HEAD);
	trp_redis_connection_ask(&box.redis, TRP_REDIS_REPEATED, words, count,
				 on_added, bytes);
	box.adds++;
	box.bytes += bytes;
	box.has_more = true;
	return 0;
}

static uint64_t redis_kept(void *data)
{
	return box.kept;
}

static void on_marked(void *data, uint64_t number, const redisReply *reply)
{
	struct trp_redis_entry *entry =
		*trp_redis_list_find(&box.ready, number);

	assert(entry && entry->is_asked);
	entry->is_asked = false;
	entry->is_marked = reply;
}

/*
 * The first deliverable entry.  A retry is counted before it starts.
 */
static struct trp_redis_entry *take_next(void)
{
	struct trp_redis_entry *entry = box.ready.first;

	if (!entry || entry->is_asked)
		return NULL;
	if (entry->is_suspect && !entry->is_marked) {
		entry->is_asked = true;
		claim(entry, TRP_REDIS_ONCE, entry->tries + 1, "JUSTID",
		      on_marked);
		return NULL;
	}
	entry->is_marked = false;
	entry->tries++;
	return trp_redis_list_take(&box.ready, &box.ready.first);
}

static int redis_get(void *data, struct troupe_mail *ret_mail)
{
	struct trp_redis_entry *entry = NULL;
	int64_t now = troupe_now().ns;

	if (box.error)
		return box.error;
	if (is_up()) {
		if (!box.is_recovering && fetch_due(now))
			read_new();
		entry = take_next();
	}
	if (entry) {
		trp_redis_list_append(&box.out, entry);
		*ret_mail = entry->mail;
	}
	if (!entry || now - box.flushed_at >= LINGER_NS) {
		trp_redis_connection_flush(&box.redis);
		box.flushed_at = now;
	}
	set_timer(now);
	TRP_CHECK(assert(trp_redis_list_check(&box.later, true) == box.asked));
	TRP_CHECK(assert(trp_redis_list_check(&box.ready, false) <= 1));
	return entry != NULL;
}

static void redis_acknowledge(void *data, uint64_t number, int result)
{
	struct trp_redis_entry *entry = trp_redis_list_take(
		&box.out, trp_redis_list_find(&box.out, number));
	char cause[TROUPE_TEXT_SIZE];

	assert(entry); /* it was handed out, and not acknowledged yet */
	if (result >= 0) {
		finish(entry);
		return;
	}
	if (result == -EBADMSG || entry->tries >= box.tries) {
		snprintf(cause, sizeof(cause), "error %d: %s", result,
			 result == -EBADMSG ? "not valid, or no handler"
					    : strerror(-result));
		set_aside(entry, cause);
		return;
	}
	claim(entry, TRP_REDIS_REPEATED, entry->tries, "JUSTID", NULL);
	trp_redis_entry_empty(entry);
	put_off(entry, troupe_in_ms(pause_after(entry->tries)).ns);
}

static uint64_t redis_size(void *data)
{
	/* Until the answer is known there may be some. */
	return box.is_length_known ? box.length + box.adds : 1;
}

static void redis_close(void *data)
{
	trp_redis_connection_end(&box.redis, END_MS);
}

const struct troupe_mailbox_kind troupe_redis_kind = {
	.name = "redis",
	.open = redis_open,
	.has_room = redis_has_room,
	.put = redis_put,
	.kept = redis_kept,
	.get = redis_get,
	.acknowledge = redis_acknowledge,
	.size = redis_size,
	.close = redis_close,
};
