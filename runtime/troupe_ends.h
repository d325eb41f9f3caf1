/* SPDX-License-Identifier: MIT */
#ifndef TROUPE_ENDS_H
#define TROUPE_ENDS_H

/*
 * Ends of children and of monitored actors as messages, for function actors and
 * guests.
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
 * has ended, its body a const struct troupe_end *.  All messages of that actor
 * come before it.  A pattern without type does not take ends; the latest 16,384
 * are kept for a later receive, and those of children for troupe_wait().  If
 * the class has child_stopped or down, those are called instead.  This type
 * cannot be sent.
 */
extern TROUPE_API const ProtobufCMessageDescriptor troupe__end__descriptor;

#ifdef __cplusplus
}
#endif

#endif
