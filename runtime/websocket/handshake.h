/* SPDX-License-Identifier: MIT */
#pragma once

/* The request with which a WebSocket begins, and its answer (RFC 6455, 4.2). */

#include <stddef.h>

enum { TRP_HANDSHAKE_REQUEST = 8192, TRP_HANDSHAKE_ANSWER = 256 };

struct trp_handshake {
	char request[TRP_HANDSHAKE_REQUEST + 1];
	size_t size;
};

enum trp_handshake_state {
	TRP_HANDSHAKE_MORE, /* of the request is to come */
	TRP_HANDSHAKE_DONE,
	TRP_HANDSHAKE_REFUSED,
};

/*
 * Takes bytes of the request; *ret_taken of them are part of it.  Unless MORE,
 * the answer, with a NUL, is to be sent.
 */
enum trp_handshake_state trp_handshake_take(struct trp_handshake *handshake,
					    const char *bytes, size_t size,
					    size_t *ret_taken,
					    char answer[TRP_HANDSHAKE_ANSWER]);
