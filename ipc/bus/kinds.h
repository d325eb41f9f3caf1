/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The kinds of bus: their interface, and those that were built. */

struct trp_bus;

struct trp_bus_kind {
	const char *name;    /* the scheme */
	const char *join;    /* between the levels of a path */
	bool has_user;	     /* a password goes with one */
	const char *refuses; /* characters that no path may have; NULL: none */
	uint16_t port;	     /* 0: a folder of this host, and no server */

	/* 0, or a negative errno; then everything is cleaned up. */
	int (*connect)(struct trp_bus *bus);
	void (*disconnect)(struct trp_bus *bus);
	/* Reads and writes.  A negative errno: the link is lost. */
	int (*ready)(struct trp_bus *bus);
	int (*send)(struct trp_bus *bus, const void *payload, size_t length);
	int64_t pause_ns; /* interval of ready(); 0: none */

	/* The same for mail, with the number of a run; NULL: it carries none.
	 */
	const struct trp_bus_kind *mail;
	/* Of a kind for mail, instead of send(). */
	int (*send_to)(struct trp_bus *bus, uint32_t number, const void *frame,
		       size_t length, bool is_sure);
};

/* Kinds that were built, the first is 0; NULL behind the last. */
const char *trp_bus_kinds_name(size_t number);

/* By that name; NULL: unknown, or not built. */
const struct trp_bus_kind *trp_bus_kinds_find(const char *name, size_t length);

/* In a test: instead of the one of that name, also in children; NULL: none. */
void trp_bus_kinds_use(const struct trp_bus_kind *kind);
