/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The guard of a mesh that has a cookie, by libcrypto.  Frames of a session:
 * AES-256-GCM (NIST SP 800-38D), its key by HKDF (RFC 5869) of the cookie and
 * mesh, the numbers and the epochs.  Others: HMAC-SHA256, its first 16 bytes.
 */

#include "runtime/session/guard.h"

enum { TRP_SEAL_COOKIE_LEAST = 16 };

/*
 * The cookie is not needed afterwards.  Returns 0; -EINVAL: it is shorter than
 * TRP_SEAL_COOKIE_LEAST; -ELIBACC: libcrypto is not here; -ENOMEM.
 */
int trp_seal_new(struct trp_guard **ret_guard, const void *cookie,
		 size_t length, const char *mesh);

/* All its keys have been freed.  NULL: nothing happens. */
void trp_seal_free(struct trp_guard *guard);
