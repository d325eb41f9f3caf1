/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Peers that are actors of another language, asked the same by a program in
 * that language: it measures itself and checks each message, and says on its
 * standard output, a line each,
 *
 *	ns TIME			how long the measured part took
 *	latency TIME COUNT	so many round trips of TIME ns
 *	sum NUMBER		of all numbers that came, also while warming up
 *	wrong TEXT		what was not as it should be
 *
 * It is called with `ask N WARM_UP 0`, numbers 0 .. N + WARM_UP - 1 one by one;
 * `oneway BYTES COUNT WARM_UP`, messages 1 .. WARM_UP and then, with the clock
 * running, 1 .. COUNT, whose bytes are all their number modulo 256; or
 * `fanin SENDERS EACH 0`, numbers 0 .. EACH - 1 of each.
 */

#include "tests/bench/peers/peer.h"

/*
 * command: its words, NULL at the end; a leading @ is the folder of the peers,
 * a lone # a port that is free on loopback.  0 or a negative errno.
 */
int program_ask(const char *const *command);
int program_oneway(const char *const *command);
int program_fanin(const char *const *command);

/*
 * bench_<name>_ask, _oneway and _fanin of a COMMAND in parentheses.  WITH: what
 * else to say of each, as .shares_memory.  ASKS, ALL: numbers of messages of
 * the three presets, in parentheses, as fits a second where it has to; MOST:
 * those of a one-way, where PEER_TOTAL would be more.
 */
#define PROGRAM_PRESETS(SMOKE, STD, LARGE) \
	{                                  \
		SMOKE, STD, LARGE          \
	}
#define PROGRAM_WORDS(...)        \
	{                         \
		__VA_ARGS__, NULL \
	}
#define PROGRAM(NAME, WITH, ASKS, MOST, ALL, COMMAND)                          \
	static const char *const NAME##_command[] = PROGRAM_WORDS COMMAND;     \
	static int NAME##_ask(void)                                            \
	{                                                                      \
		return program_ask(NAME##_command);                            \
	}                                                                      \
	static int NAME##_oneway(void)                                         \
	{                                                                      \
		return program_oneway(NAME##_command);                         \
	}                                                                      \
	static int NAME##_fanin(void)                                          \
	{                                                                      \
		return program_fanin(NAME##_command);                          \
	}                                                                      \
	PEER_BENCH(                                                            \
		NAME, ask, "round trips",                                      \
		.parameters = { [PEER_ASKS] = { "n", PROGRAM_PRESETS ASKS } }, \
		WITH);                                                         \
	PEER_BENCH(NAME, oneway, "messages",                                   \
		   .parameters = { PEER_BYTES_AND_TOTAL,                       \
				   [PEER_MOST] = { "most",                     \
						   PROGRAM_PRESETS MOST } },   \
		   .sweep = { 16, 4096, 1 << 20 }, WITH);                      \
	PEER_BENCH(NAME, fanin, "messages",                                    \
		   .parameters = { PEER_SENDERS_AND(PROGRAM_PRESETS ALL) },    \
		   .sweep = { 4, 64 }, WITH)
