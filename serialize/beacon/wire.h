/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The four messages of the beacon protocol (asyncactor 0.26), decoded.
 *
 *	init	node			"I start", once in a life
 *	vers	node, config		the node that made that version
 *	ping	node, value, history	the beacon; history[0] is the node
 *	hist	value, history		about history[0], from any node
 *
 * A vers may also have `from`, its sender, with a `note` or what that `said`:
 * ours alone write and read these keys; the original ignores them there.
 */

#include "serialize/beacon/codec.h"

#define TRP_WIRE_NAME_MAX    255   /* bytes of a node's name */
#define TRP_WIRE_HISTORY_MAX 128   /* names in one message */
#define TRP_WIRE_VALUE_MAX   4096  /* bytes of a value */
#define TRP_WIRE_SIZE_MAX    65536 /* bytes of a message */

enum trp_wire_type {
	TRP_WIRE_INIT,
	TRP_WIRE_VERS,
	TRP_WIRE_PING,
	TRP_WIRE_HIST,
	TRP_WIRE_TYPES
};

/* Seconds, as on the wire. */
struct trp_wire_config {
	int64_t version;
	double cycle_s;
	double gap_s;
	int64_t nodes; /* -1, 0: the list has no bound */
	int64_t splits;
	int64_t n_hosts;
	bool force_in;
};

struct trp_wire {
	enum trp_wire_type type;
	const char *node; /* NULL in a hist */
	struct trp_scalar value;
	const char *const *history;
	size_t history_length;
	struct trp_wire_config config; /* vers */
	const char *from;	       /* vers; NULL: none */
	struct trp_scalar note;	       /* vers with `from`; TEXT, or NONE */
	struct trp_scalar said;	       /* vers with `from`; BYTES, or NONE */

	void *owned_names; /* set by trp_wire_decode(), NULL otherwise */
	void *owned_history;
};

/* The defaults of the original. */
extern const struct trp_wire_config trp_wire_defaults;

/*
 * Checks a configuration: cycle >= 0.1, cycle >= 3 * gap, gap >= 0.01, and that
 * the rest is usable.
 */
bool trp_wire_config_is_valid(const struct trp_wire_config *config);

/* Checks that names exist and are not empty or too long; a ping starts with its
 * node. */
bool trp_wire_is_valid(const struct trp_wire *wire);

/*
 * The node that a message is about: for a hist, the first of its history.
 * The message must be valid.
 */
const char *trp_wire_about(const struct trp_wire *wire);

/*
 * Reads a message.  Unknown keys are ignored.  Returns 0; -EBADMSG: not a
 * message (nothing to free); or -ENOMEM.  Spans of scalars lie in `data`;
 * everything else is freed by trp_wire_fini().
 */
int trp_wire_decode(const struct trp_codec *codec, const void *data,
		    size_t length, struct trp_wire *ret_wire);

/*
 * Appends a message, which must be valid.  Returns 0; or -ENOSPC, then the
 * appended bytes are invalid.
 */
int trp_wire_encode(const struct trp_codec *codec, const struct trp_wire *wire,
		    struct trp_writer *writer);

/* Frees what trp_wire_decode() made. */
void trp_wire_fini(struct trp_wire *wire);
