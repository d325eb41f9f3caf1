/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The head before each body: 64 bytes, one cache line, in the byte order of
 * the host (little-endian; the arena carries the version).  A sender fills it
 * in place, in its ring; a receiver reads it with trp_envelope_read() only.
 */

#include <stddef.h>
#include <stdint.h>

enum trp_envelope_kind {
	TRP_MESSAGE = 1, /* a body for a handler of its type */
	TRP_CALL,	 /* a method of a service; correlation 0: one-way */
	TRP_ANSWER,	 /* the output of the call `correlation` */
	TRP_FAILURE,	 /* no answer will come; a type is optional */
	TRP_CONTROL,	 /* between actor and supervisor */
	TRP_ALIASED,	 /* a body for the alias `correlation` */
	TRP_AWAY,	 /* to or from the mail actor: runtime/mail */
};

/*
 * Flags: its sender has traced it; and, from this bit on, the number of the
 * router that has spread it, or 0.
 */
enum {
	TRP_TRACED = 1,
	TRP_FLAGS_NONE = 2,
	TRP_ROUTER_SHIFT = 2,
	TRP_ROUTERS_MAX = 63
};

struct trp_envelope {
	uint64_t type;	 /* trp_type_id() of the body's full message name */
	uint64_t sender; /* an actor's reference; 0: none */
	uint64_t correlation;
	int64_t deadline; /* CLOCK_MONOTONIC, ns; INT64_MAX: never */
	int64_t created;  /* CLOCK_MONOTONIC, ns */
	uint64_t flow;
	uint64_t service; /* trp_type_id() of a TRP_CALL's service; else 0 */
	uint16_t hop;	  /* sends since the flow began; stays at the last */
	uint8_t kind;
	uint8_t flags;
	uint16_t method; /* index in the service; TRP_CALL only */
	uint16_t cpu;	 /* where the sender ran */
};

#define TRP_ENVELOPE_AT(field, offset)                                   \
	_Static_assert(offsetof(struct trp_envelope, field) == (offset), \
		       "layout of the envelope: " #field)
TRP_ENVELOPE_AT(type, 0);
TRP_ENVELOPE_AT(sender, 8);
TRP_ENVELOPE_AT(correlation, 16);
TRP_ENVELOPE_AT(deadline, 24);
TRP_ENVELOPE_AT(created, 32);
TRP_ENVELOPE_AT(flow, 40);
TRP_ENVELOPE_AT(service, 48);
TRP_ENVELOPE_AT(hop, 56);
TRP_ENVELOPE_AT(kind, 58);
TRP_ENVELOPE_AT(flags, 59);
TRP_ENVELOPE_AT(method, 60);
TRP_ENVELOPE_AT(cpu, 62);
_Static_assert(sizeof(struct trp_envelope) == 64, "size of the envelope");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "byte order");

/*
 * The envelope at `bytes`, which need not be aligned and which a peer may be
 * changing: it is copied once, and the copy is checked; an invalid one is left
 * in ret_envelope, too.  ret_body (borrowed) points behind it into `bytes`; a
 * body of 0 bytes is legal.
 * Returns 0; -EBADMSG: shorter than an envelope, an unknown kind or flag, a
 * service that is missing or must not be there, a type of 0 (except a
 * failure's, and of TRP_AWAY), a negative time.
 */
int trp_envelope_read(const void *bytes, size_t size,
		      struct trp_envelope *ret_envelope, const void **ret_body,
		      size_t *ret_body_size);

/*
 * To bytes that are aligned as a word.  By words, for a copy of the whole waits
 * until the words that were just set have left the processor's store buffer.
 */
static inline void trp_envelope_write(const struct trp_envelope *envelope,
				      uint64_t *bytes)
{
	const uint64_t *from = &envelope->type;

	for (int i = 0; i < 7; i++)
		__atomic_store_n(&bytes[i],
				 __atomic_load_n(&from[i], __ATOMIC_RELAXED),
				 __ATOMIC_RELAXED);
	__atomic_store_n(&bytes[7],
			 envelope->hop | (uint64_t)envelope->kind << 16 |
				 (uint64_t)envelope->flags << 24 |
				 (uint64_t)envelope->method << 32 |
				 (uint64_t)envelope->cpu << 48,
			 __ATOMIC_RELAXED);
}

static inline uint16_t trp_envelope_next_hop(uint16_t hop)
{
	return hop < UINT16_MAX ? (uint16_t)(hop + 1) : hop;
}
