/* SPDX-License-Identifier: MIT */
#include "runtime/actor/alias.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include "runtime/actor/post.h"
#include "runtime/node/system.pb-c.h"
#include "runtime/node/watch.h"

enum { BUCKETS_FIRST = 16 };

struct alias {
	struct alias *next;
	uint32_t number;
	bool takes_mail;
	bool is_once;
	bool has_monitor;
};

static struct alias **bucket;
static uint32_t buckets; /* a power of two, or 0 */
static uint32_t count;
static uint32_t last; /* number that was given; 0: none yet */

/* The link to it, or to the end of its list. */
static struct alias **find(uint32_t number)
{
	struct alias **link = &bucket[number & (buckets - 1)];

	while (*link && (*link)->number != number)
		link = &(*link)->next;
	return link;
}

static bool is_known(uint32_t number)
{
	return buckets && *find(number);
}

void trp_alias_check(void)
{
	uint32_t seen = 0;

	for (uint32_t i = 0; i < buckets; i++)
		for (const struct alias *a = bucket[i]; a; a = a->next, seen++)
			assert((a->number & (buckets - 1)) == i &&
			       (a->takes_mail || a->has_monitor));
	assert(seen == count);
}

static bool grow(void)
{
	uint32_t more = buckets ? 2 * buckets : BUCKETS_FIRST, was = buckets;
	struct alias **old = bucket, **grown = calloc(more, sizeof(*grown));
	struct alias *alias;

	if (!grown)
		return buckets != 0;
	bucket = grown;
	buckets = more;
	for (uint32_t i = 0; i < was; i++)
		while ((alias = old[i])) {
			old[i] = alias->next;
			alias->next = NULL;
			*find(alias->number) = alias;
		}
	free(old);
	return true;
}

/*
 * Counted up from a number that lies far from those of the last owners of the
 * slot: what is on its way to an alias of theirs finds none here.
 */
static uint32_t next_number(void)
{
	enum { FAR = 5184557, INCARNATION = 7919 };

	if (!last)
		last = (trp_ref_generation(trp_self.ref) +
			trp_self.incarnation * INCARNATION) *
		       FAR;
	do
		last = (last + 1) & TRP_ALIAS_NUMBER;
	while (!last || is_known(last));
	return last;
}

int trp_alias_add(enum troupe_alias_kind kind, uint32_t *ret_number)
{
	struct alias *alias = malloc(sizeof(*alias));

	if (!alias || (count == buckets && !grow())) {
		free(alias);
		return -ENOMEM;
	}
	*alias = (struct alias) {
		.number = next_number(),
		.takes_mail = true,
		.is_once = kind == TROUPE_ALIAS_REPLY ||
			   kind == TROUPE_ALIAS_REPLY_DEMONITOR,
		.has_monitor = kind == TROUPE_ALIAS_DEMONITOR ||
			       kind == TROUPE_ALIAS_REPLY_DEMONITOR,
	};
	*find(alias->number) = alias;
	count++;
	*ret_number = alias->number;
	TRP_CHECK(trp_alias_check());
	return 0;
}

bool trp_alias_is_any(void)
{
	return count > 0;
}

static void remove_at(struct alias **link)
{
	struct alias *alias = *link;

	assert(count > 0);
	*link = alias->next;
	free(alias);
	count--;
}

static bool end(struct alias **link, bool with_monitor)
{
	if ((*link)->has_monitor && !with_monitor)
		(*link)->takes_mail = false;
	else
		remove_at(link);
	TRP_CHECK(trp_alias_check());
	return true;
}

bool trp_alias_end(uint32_t number)
{
	struct alias **link = buckets ? find(number) : NULL;

	return link && *link && (*link)->takes_mail && end(link, false);
}

uint64_t trp_alias_monitor(uint32_t number)
{
	return trp_watch_own(TRP_WATCH_ALIAS, trp_self.ref, number);
}

bool trp_alias_reports(uint64_t monitor, bool is_last)
{
	struct alias **link = buckets ? find(trp_watch_number(monitor)) : NULL;

	if (!link || !*link || !(*link)->has_monitor)
		return false;
	if (is_last)
		end(link, true);
	return true;
}

/* Nobody waits for the answer; a report that comes meanwhile is not handed
 * out. */
static void demonitor(uint32_t number)
{
	Troupe__Control__Watch request = TROUPE__CONTROL__WATCH__INIT;
	struct trp_envelope envelope = trp_actor_post_envelope(TRP_CONTROL);

	request.id = trp_alias_monitor(number);
	request.is_over = true;
	trp_actor_post(TRP_REF_SUPERVISOR, TRP_MAIL, &envelope, &request.base,
		       NULL);
}

bool trp_alias_admits(struct trp_envelope *envelope)
{
	uint32_t number = (uint32_t)envelope->correlation;
	struct alias **link = buckets ? find(number) : NULL;

	if (!link || !*link || !(*link)->takes_mail)
		return false;
	envelope->kind = TRP_MESSAGE;
	/* As it was sent: a question has the number of its sender. */
	envelope->correlation = trp_ref_is_alias(envelope->sender)
					? trp_ref_generation(envelope->sender) &
						  TRP_ALIAS_NUMBER
					: 0;
	if (!(*link)->is_once)
		return true;
	if ((*link)->has_monitor)
		demonitor(number);
	return end(link, true);
}

void trp_alias_leave(void)
{
	for (uint32_t i = 0; i < buckets; i++)
		while (bucket[i])
			remove_at(&bucket[i]);
	free(bucket);
	bucket = NULL;
	buckets = last = 0;
}
