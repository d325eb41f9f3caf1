/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The cookie of a mesh: the secret that its nodes share.  It seals their mail
 * (runtime/session/seal.h).
 */

#include "runtime/node/options.h"

enum { TRP_COOKIE_LEAST = 16 };

/*
 * "[COOKIE@]HOST[:PORT][/NAME]", which has a '@' or ':', or "NAME".  False: it
 * is neither, and nothing is set.
 */
bool trp_cookie_read_mesh(const char *text, struct trp_mesh_options *mesh);

/*
 * Of a file that only this user can read; without newlines at its end.  False:
 * it is none.
 */
bool trp_cookie_read_file(const char *path, struct trp_mesh_options *mesh);

/* It may have a cookie or a password in it, and is not to be repeated. */
bool trp_cookie_is_in(const char *text);

/* Overwrites these in an argument, which ps(1) shows. */
void trp_cookie_hide(char *text);

/* The command `troupe cookie`. */
int trp_cookie_make(int argc, char **argv);
