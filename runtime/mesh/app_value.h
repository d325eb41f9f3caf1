/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The application's value of a node, small and comparable: none, a bool, a
 * number or a text.  In an announcement it is a word that orders as the values
 * do: `n`, 16 hex digits, and the number as in JSON; or `t` and the text.
 */

#include "runtime/mesh/mesh.pb-c.h"
#include "runtime/troupe_value.h"
#include "serialize/beacon/scalar.h"

enum { TRP_MESH_APP_VALUE_SIZE = 320 }; /* of a word with its NUL */

/* Borrows from `value`.  0, -EINVAL, -EMSGSIZE. */
int trp_mesh_app_value_of(const struct troupe_value *value,
			  Troupe__Mesh__Scalar *ret_scalar);
/* The other way; NULL: no memory. */
struct troupe_value *trp_mesh_app_value_make(const Troupe__Mesh__Scalar *from);

/* Whether the application of a node may have set it. */
bool trp_mesh_app_value_is_valid(const struct trp_scalar *value);

/* The word; "": none. */
void trp_mesh_app_value_write(const struct trp_scalar *value,
			      char space[TRP_MESH_APP_VALUE_SIZE]);
/* A TEXT borrows from the word.  0, -EBADMSG. */
int trp_mesh_app_value_read(const char *word, size_t length,
			    struct trp_scalar *ret_value);

/* As JSON, for free(); NULL: no memory. */
char *trp_mesh_app_value_json(const struct trp_scalar *value);
