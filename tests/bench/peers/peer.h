/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Other ways to move bytes between processes, with the same task as ours: the
 * same message, packed and unpacked by protobuf-c on both sides, written and
 * read byte by byte.  A peer is one file, in the form that its own users would
 * choose.
 *
 * A peer with a library is a separate object, build/peers/<name>.so with a
 * `const struct peer peer` or more, which only its own runs load: with the
 * libraries of all peers linked into the harness, every benchmark would fork
 * them, and a fork took 346 us instead of 205.
 */

#include "tests/bench/bench.h"

enum { PEER_ASKS };			    /* of an ask */
enum { PEER_BYTES, PEER_TOTAL, PEER_MOST }; /* of a one-way */
enum { PEER_SENDERS, PEER_ALL };	    /* of a fan-in */

/*
 * Sides 0 and 1 send to each other; those from 2 on only to 1, with which they
 * are started.
 */
struct peer {
	/* Before the forks, with the size of the largest message. */
	int (*prepare)(size_t largest);
	/* In process `side`. */
	int (*enter)(int side);
	/* All of the bytes, waiting for room.  0 or a negative errno. */
	int (*send)(const void *bytes, size_t size);
	/* One message, waiting; *ret_bytes are valid until the next.  Its size
	 * or a negative errno. */
	ssize_t (*receive)(const void **ret_bytes);
	void (*leave)(void);
	/* Where the bytes of the next send are to be packed, waiting for room;
	 * NULL: anywhere. */
	void *(*space)(size_t size);
	/* After all have left; may be NULL. */
	void (*finish)(void);
};

/* `symbol` of build/peers/<name>.so; NULL after bench_fail(). */
const struct peer *peer_load(const char *name, const char *symbol);

/* One round trip at a time. */
int peer_ask(const struct peer *peer);

/*
 * About PEER_TOTAL bytes from one to the other, in at least 8 messages and in
 * at most a million or PEER_MOST; the second returns how many.  A fifth of them
 * go before, outside of the time: rings have grown then, and pages are there.
 */
int peer_oneway(const struct peer *peer);

/* The same of bytes alone, in no message, written and read where the peer has
 * them: what our loans are to be compared with. */
int peer_raw(const struct peer *peer);

long peer_oneway_count(void);
long peer_oneway_warm_up(void);

/* PEER_ALL messages to one, the same number from each of PEER_SENDERS. */
int peer_fanin(const struct peer *peer);
long peer_fanin_each(void);

/* The tasks of all peers: the forms of a benchmark. */
#define PEER_BENCH(NAME, WORKLOAD, ITEM, ...)            \
	const struct bench bench_##NAME##_##WORKLOAD = { \
		.name = #NAME "_" #WORKLOAD,             \
		.suite = "peer",                         \
		.item = ITEM,                            \
		.plain = NAME##_##WORKLOAD,              \
		__VA_ARGS__                              \
	}
#define PEER_OF_ASK \
	.parameters = { [PEER_ASKS] = { "n", { 500, 50000, 200000 } } }
#define PEER_BYTES_AND_TOTAL                                         \
	[PEER_BYTES] = { "bytes", { 64, 64, 64 } }, [PEER_TOTAL] = { \
		"total", { 64 << 10, 1 << 30, INT64_C(8) << 30 }     \
	}
#define PEER_OF_ONEWAY(...) \
	.parameters = { PEER_BYTES_AND_TOTAL }, .sweep = { __VA_ARGS__ }
#define PEER_SENDERS_AND(...)                                     \
	[PEER_SENDERS] = { "senders", { 4, 4, 4 }, .most = 256 }, \
	[PEER_ALL] = { "n", __VA_ARGS__, .least = 256 }
#define PEER_OF_FANIN(STD)                                          \
	.parameters = { PEER_SENDERS_AND({ 1000, STD, 5 * STD }) }, \
	.sweep = { 4, 64 }

/*
 * bench_<name>_ask and bench_<name>_oneway, _raw and _fanin, of the peer that
 * FIND finds.  WITH: what there is beside, as .needs = "package"; CARRIES: the
 * largest message, or 0; the rest: sizes of messages.  STD: as many in all.
 */
#define PEER(NAME, FIND, WITH, CARRIES, ...)                              \
	static int NAME##_ask(void)                                       \
	{                                                                 \
		return peer_ask(FIND);                                    \
	}                                                                 \
	static int NAME##_oneway(void)                                    \
	{                                                                 \
		return peer_oneway(FIND);                                 \
	}                                                                 \
	PEER_BENCH(NAME, ask, "round trips", PEER_OF_ASK, WITH);          \
	PEER_BENCH(NAME, oneway, "messages", PEER_OF_ONEWAY(__VA_ARGS__), \
		   .carries = CARRIES, WITH)
#define PEER_RAW(NAME, FIND, WITH, CARRIES, ...)                       \
	static int NAME##_raw(void)                                    \
	{                                                              \
		return peer_raw(FIND);                                 \
	}                                                              \
	PEER_BENCH(NAME, raw, "messages", PEER_OF_ONEWAY(__VA_ARGS__), \
		   .carries = CARRIES, WITH)
#define PEER_FANIN(NAME, FIND, STD, WITH) \
	static int NAME##_fanin(void)     \
	{                                 \
		return peer_fanin(FIND);  \
	}                                 \
	PEER_BENCH(NAME, fanin, "messages", PEER_OF_FANIN(STD), WITH)

/* Nothing that may be missing. */
#define PEER_ALWAYS .needs = NULL
