/* SPDX-License-Identifier: MIT */
#ifndef TROUPE_TREE_H
#define TROUPE_TREE_H

/*
 * Actors form a tree, as each has a parent: the root actor is "/", its child
 * named a is "/a", a child of that named b is "/a/b".  Names among siblings are
 * independent of the names of troupe_register(), which belong to the whole
 * node.  Errors and ownership as in troupe.h.
 *
 * An unnamed child gets the name of its class (with '_' for '/' and ':'), or
 * CLASS:NUMBER if a sibling has that.  A name is free again when the supervisor
 * has seen the end of its holder.  When a parent has crashed, its children are
 * being stopped and no longer have an address.
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
 * same actor and ".." its parent: "b/c", "../sibling".  "//a" was started by
 * the supervisor: the bus of a mesh, a singleton.  "node:/a/b" is of another
 * node: as troupe_whereis_at() of troupe_node.h, for up to 5 s.  0; -ENOENT: no
 * actor has it; -EINVAL: ill-formed, as "", "a//b" and "a/" are.
 */
TROUPE_API int troupe_lookup(const char *address, troupe_ref *ret_ref);

/*
 * The absolute address of an actor, NUL-terminated; of one of another node,
 * which is asked for it, "node:/a/b".  0; -ESRCH: it is gone;
 * -ENOENT: its parent is gone, and it is being stopped; -ENAMETOOLONG: the
 * address needs more than `size` bytes, or than TROUPE_ADDRESS_SIZE; -EINVAL:
 * no reference.
 */
TROUPE_API int troupe_address(troupe_ref ref, char *buffer, size_t size);

#ifdef __cplusplus
}
#endif

#endif
