/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The seals of frames, as the sessions see them.  A guard has the secret of the
 * mesh.  Frames of a session are sealed by a key of that session and direction;
 * HELLO, WELCOME and RESET have no secret and are only signed.  The nonce is
 * the kind and the seq of the header: MAIL and BYE are sealed once and repeated
 * as they are, and each ACK has a seq of its own, so no nonce is used twice.
 */

#include "runtime/session/frame.h"

struct trp_guard;
struct trp_guard_key;

/* The direction of a session. */
struct trp_guard_path {
	uint32_t from, to;
	uint64_t epoch, echo;
};

struct trp_guard_calls {
	/* Of a header alone, or of words that begin like none. */
	void (*sign)(struct trp_guard *guard, const uint8_t *bytes,
		     size_t length, uint8_t tag[static TRP_FRAME_TAG]);
	bool (*verify)(struct trp_guard *guard, const uint8_t *bytes,
		       size_t length, const uint8_t tag[static TRP_FRAME_TAG]);

	/* NULL: no memory. */
	struct trp_guard_key *(*key_new)(struct trp_guard *guard,
					 const struct trp_guard_path *path);
	void (*key_free)(struct trp_guard_key *key);

	/*
	 * The header is bound, the payload enciphered: into `out`, which may be
	 * the same place.  False: the library failed, or the tag is not this
	 * key's; then `out` has no meaning.
	 */
	bool (*seal)(struct trp_guard_key *key, const uint8_t *header,
		     const uint8_t *payload, size_t length, uint8_t *out,
		     uint8_t tag[static TRP_FRAME_TAG]);
	bool (*open)(struct trp_guard_key *key, const uint8_t *header,
		     const uint8_t *payload, size_t length, uint8_t *out,
		     const uint8_t tag[static TRP_FRAME_TAG]);
};

struct trp_guard {
	const struct trp_guard_calls *calls;
};
