/* SPDX-License-Identifier: MIT */
#ifndef TROUPE_TREE_H
#define TROUPE_TREE_H

/*
 * Actors form a tree, for each has a parent: the root actor is "/", its child
 * named a is "/a", a child of that named b is "/a/b".  Names among siblings
 * are a thing of their own beside the names of troupe_register(), which are
 * those of the whole node.  Errors and ownership as in troupe.h.
 *
 * A child that is not named gets the name of its class (with '_' for '/' and
 * ':'), and where a sibling has that, CLASS:NUMBER.  A name is free again when
 * the end of its holder is seen.  When a parent has crashed its children are
 * being stopped, and have no address any more.
 */

#include "troupe.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes of an address with its NUL, at most. */
enum { TROUPE_ADDRESS_SIZE = 1024 };

/*
 * As troupe_spawn(), with that name among the caller's children; it is also
 * what ps shows.  -EEXIST: the name is taken; -EINVAL also: a name that is
 * empty, longer than 31 bytes, only dots, no UTF-8, or has '/', ':' or control
 * characters.
 */
TROUPE_API int troupe_spawn_child(const char *name,
				  const struct troupe_class *klass,
				  const ProtobufCMessage *arguments,
				  troupe_ref *ret_ref);

/*
 * The actor at that address: absolute, or relative to the caller.  "." is the
 * one where the way has come to and ".." its parent: "b/c", "../sibling".
 * "//a" is one that the supervisor has started: the bus of a mesh, a singleton.
 * 0; -ENOENT: nobody's; -EINVAL: ill-formed, as "", "a//b" and "a/" are.
 */
TROUPE_API int troupe_lookup(const char *address, troupe_ref *ret_ref);

/*
 * The absolute address of an actor, NUL-terminated.  0; -ESRCH: it is gone;
 * -ENOENT: its parent is, and it is being stopped; -ENAMETOOLONG: it takes more
 * than `size` bytes, or than TROUPE_ADDRESS_SIZE; -EINVAL: no reference.
 */
TROUPE_API int troupe_address(troupe_ref ref, char *buffer, size_t size);

#ifdef __cplusplus
}
#endif

#endif
