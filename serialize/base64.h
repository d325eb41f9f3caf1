/* SPDX-License-Identifier: MIT */
#pragma once

/* Bytes as text, RFC 4648. */

#include <stddef.h>

/* Characters for that many bytes, with padding, without a NUL. */
size_t trp_base64_size(size_t size);

/* Writes them, and a NUL. */
void trp_base64_encode(const void *bytes, size_t size, char *text);

/*
 * Either alphabet, padded or not, as proto3's JSON allows.  bytes has room for
 * strlen(text) / 4 * 3 + 3.  Returns 0 or -EINVAL.
 */
int trp_base64_decode(const char *text, void *bytes, size_t *ret_size);
