/* SPDX-License-Identifier: MIT */
#ifndef TROUPE_ENDS_H
#define TROUPE_ENDS_H

/*
 * Ends of others as messages, for function actors and guests: of their
 * children, and of those that they monitor.
 *
 *	const struct troupe_pattern patterns[] = {
 *		{ .type = &play__answer__descriptor, .sender = worker },
 *		{ .type = &troupe__end__descriptor, .sender = worker },
 *	};
 */

#include "troupe.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A pattern of this type takes an end: the message's sender is the actor that
 * has ended, its body a const struct troupe_end *.  Its messages come
 * before.  A pattern without type does not take ends, so that who does not ask
 * for them is given mail alone; they are kept, the latest 16,384, for a later
 * receive, and those of children for troupe_wait().  Where the class has
 * child_stopped or down, those are called instead.  It is no type to send.
 */
extern TROUPE_API const ProtobufCMessageDescriptor troupe__end__descriptor;

#ifdef __cplusplus
}
#endif

#endif
