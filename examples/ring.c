/* SPDX-License-Identifier: MIT */
/*
 * ring: N processes pass a text round, once, and end.
 *
 *	root -> N-1 -> ... -> 1 -> 0 -> root
 *
 * Its actors are functions: plain code that receives for itself.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <troupe.h>
#include "ring.pb-c.h"

enum { DEFAULT_COUNT = 100, MAX_COUNT = 1000000, PATIENCE_MS = 10000 };

static const struct troupe_pattern a_text = { .type = &ring__text__descriptor };
static const struct troupe_pattern a_here = { .type = &ring__here__descriptor };

static int member(const void *arguments)
{
	const Ring__Place *place = arguments;
	const Ring__Text *received;
	Ring__Here here = RING__HERE__INIT;
	struct troupe_message message;
	Ring__Text text;
	int r;

	r = troupe_send(troupe_parent(), &here.base);
	if (r < 0)
		return r;
	r = troupe_receive(&a_text, 1, TROUPE_NEVER, &message);
	if (r < 0)
		return r;
	received = message.body;
	text = *received;
	text.hops++;
	return troupe_send(place->next, &text.base);
}

static double seconds_since(struct troupe_time start)
{
	return (troupe_now().ns - start.ns) / 1e9;
}

/* Prints why the first actor that ended early did so. */
static int explain(const troupe_ref *refs, unsigned count)
{
	char text[TROUPE_TEXT_SIZE];
	struct troupe_end end;

	for (unsigned i = 0; i < count; i++) {
		if (troupe_wait(refs[i], TROUPE_POLL, &end) < 0)
			continue;
		fprintf(stderr, "ring: process %u of %u: %s\n", i + 1, count,
			troupe_reason_text(&end.reason, text, sizeof(text)));
		return -ECHILD;
	}
	fputs("ring: not all processes have begun to run\n", stderr);
	return -ETIMEDOUT;
}

static int build(troupe_ref *refs, unsigned count)
{
	struct troupe_time start = troupe_now();
	Ring__Place place = RING__PLACE__INIT;
	struct troupe_message message;
	double seconds;
	int r;

	place.next = troupe_self();
	for (unsigned i = 0; i < count; i++) {
		r = troupe_spawn_function(member, &place.base, &refs[i]);
		if (r == -ECANCELED) /* told to stop */
			return r;
		if (r < 0) {
			fprintf(stderr, "ring: process %u of %u: %s\n", i + 1,
				count,
				r == -EAGAIN ? "no slot is free, see --slots"
					     : strerror(-r));
			return r;
		}
		place.next = refs[i];
	}
	for (unsigned i = 0; i < count; i++) {
		r = troupe_receive(&a_here, 1, troupe_in_ms(PATIENCE_MS),
				   &message);
		if (r < 0)
			return r == -ETIMEDOUT ? explain(refs, count) : r;
	}
	seconds = seconds_since(start);
	printf("%u processes, built in %.3f s, %.1f us each\n", count, seconds,
	       seconds / count * 1e6);
	return 0;
}

static int go_round(troupe_ref first, unsigned count)
{
	struct troupe_time start = troupe_now();
	Ring__Text text = RING__TEXT__INIT;
	struct troupe_message message;
	const Ring__Text *back;
	double seconds;
	int r;

	text.text = "once round and home again";
	r = troupe_send(first, &text.base);
	if (r < 0)
		return r;
	r = troupe_receive(&a_text, 1, TROUPE_NEVER, &message);
	if (r < 0)
		return r;
	seconds = seconds_since(start);
	back = message.body;
	if (back->hops != count || strcmp(back->text, text.text) != 0)
		return -EBADMSG;
	printf("\"%s\": %u hops in %.3f s, %.1f us a hop\n", back->text,
	       count + 1, seconds, seconds / (count + 1) * 1e6);
	return 0;
}

static int wait_for_all(const troupe_ref *refs, unsigned count)
{
	unsigned ended_well = 0;
	struct troupe_end end;
	int r;

	for (unsigned i = 0; i < count; i++) {
		r = troupe_wait(refs[i], TROUPE_NEVER, &end);
		if (r < 0)
			return r;
		ended_well += end.reason.cause == TROUPE_NORMAL;
	}
	printf("%u ended normally\n", ended_well);
	return ended_well == count ? 0 : -ECHILD;
}

static int parse(int argc, char **argv, unsigned *ret_count)
{
	char *end;
	long n;

	*ret_count = DEFAULT_COUNT;
	if (argc == 1)
		return 0;
	n = strtol(argv[1], &end, 10);
	if (argc > 2 || end == argv[1] || *end || n < 1 || n > MAX_COUNT) {
		fprintf(stderr, "ring: usage: ring.so [N], N from 1 to %d\n",
			MAX_COUNT);
		return -EINVAL;
	}
	*ret_count = n;
	return 0;
}

int troupe_main(int argc, char **argv)
{
	troupe_ref *refs;
	unsigned count;
	int r;

	r = parse(argc, argv, &count);
	if (r < 0)
		return r;
	refs = calloc(count, sizeof(*refs));
	if (!refs)
		return -ENOMEM;
	r = build(refs, count);
	if (r == 0)
		r = go_round(refs[count - 1], count);
	if (r == 0)
		r = wait_for_all(refs, count);
	free(refs);
	return r;
}
