/* SPDX-License-Identifier: MIT */
#ifndef TRP_TESTS_BENCH_PEERS_PEER_H
#define TRP_TESTS_BENCH_PEERS_PEER_H

/*
 * What others move bytes with between two processes, asked the same as we are:
 * the same message, packed and unpacked by protobuf-c on both sides, written
 * and read byte by byte.  A peer is one file, in the form that its own users
 * would choose.
 */

#include "tests/bench/bench.h"

enum { PEER_ASKS };		 /* of an ask */
enum { PEER_BYTES, PEER_TOTAL }; /* of a one-way */

struct peer {
	/* Before the fork; may be NULL. */
	int (*prepare)(void);
	/* In process `side`, 0 or 1. */
	int (*enter)(int side);
	/* All of the bytes, waiting for room.  0 or a negative errno. */
	int (*send)(const void *bytes, size_t size);
	/* One message, waiting; *ret_bytes are valid until the next.  Its size
	 * or a negative errno. */
	ssize_t (*receive)(const void **ret_bytes);
	void (*leave)(void);
};

/* One round trip at a time. */
int peer_ask(const struct peer *peer);

/* About PEER_TOTAL bytes from one to the other, at most a million messages. */
int peer_oneway(const struct peer *peer);

/* bench_<name>_ask and bench_<name>_oneway; NEEDS: NULL, or a package. */
#define PEER(NAME, NEEDS, ...)                                              \
	static int NAME##_ask(void)                                         \
	{                                                                   \
		return peer_ask(&NAME);                                     \
	}                                                                   \
	static int NAME##_oneway(void)                                      \
	{                                                                   \
		return peer_oneway(&NAME);                                  \
	}                                                                   \
	const struct bench bench_##NAME##_ask = {                           \
		.name = #NAME "_ask",                                       \
		.suite = "peer",                                            \
		.item = "round trips",                                      \
		.parameters = { [PEER_ASKS] = { "n",                        \
						{ 500, 20000, 200000 } } }, \
		.plain = NAME##_ask,                                        \
		.needs = NEEDS,                                             \
	};                                                                  \
	const struct bench bench_##NAME##_oneway = {                        \
		.name = #NAME "_oneway",                                    \
		.suite = "peer",                                            \
		.item = "messages",                                         \
		.parameters = { [PEER_BYTES] = { "bytes", { 64, 64, 64 } }, \
				[PEER_TOTAL] = { "total",                   \
						 { 64 << 10, 64 << 20,      \
						   1 << 30 } } },           \
		.sweep = { __VA_ARGS__ },                                   \
		.plain = NAME##_oneway,                                     \
		.needs = NEEDS,                                             \
	}

#endif
