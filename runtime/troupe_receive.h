/* SPDX-License-Identifier: MIT */
#ifndef TROUPE_RECEIVE_H
#define TROUPE_RECEIVE_H

/* Receiving, for function actors; as troupe.h. */

#include "troupe_types.h"

#ifdef __cplusplus
extern "C" {
#endif

struct troupe_shape; /* troupe_value.h */

/*
 * Matches when all members that are set match; an empty entry matches all.
 * example: a message of that type; its set fields must be equal, in nested
 * messages too, and a list item by item.  A proto3 field that is not optional
 * cannot be required to be 0 or empty.
 */
struct troupe_pattern {
	const ProtobufCMessageDescriptor *type; /* implied by those below */
	troupe_ref sender;
	bool (*matches)(const struct troupe_message *message, void *data);
	void *data;
	const ProtobufCMessage *example;
	const struct troupe_shape *shape; /* of a value */
};

/*
 * Takes the earliest message that matches any of `count` patterns (0: any
 * message); the others stay, in order.  ret_message is valid until the next
 * call.  Deadline TROUPE_POLL does not wait.
 * Returns the index of the pattern that matched (the first, if several; 0 if
 * there are none); -ETIMEDOUT; -ECANCELED: told to stop, or ended by a callback
 * (return from run()); a callback's failure; -EINVAL: not a function actor, or
 * a pattern of two types; -ENOMEM.
 */
TROUPE_API int troupe_receive(const struct troupe_pattern *patterns,
			      size_t count, struct troupe_time deadline,
			      struct troupe_message *ret_message);

#ifdef __cplusplus
}
#endif

#endif
