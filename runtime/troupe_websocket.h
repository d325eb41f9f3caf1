/* SPDX-License-Identifier: MIT */
#ifndef TROUPE_WEBSOCKET_H
#define TROUPE_WEBSOCKET_H

/*
 * The server's side of a WebSocket (RFC 6455), as a source of events like those
 * of troupe_io.h, in an actor that a struct troupe_server has started.  It is
 * built where libwslay is installed.
 */

#include "troupe_io.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The caller's, zeroed before first use; stays in place until it has ended. */
struct troupe_websocket {
	/* The handshake is over; or NULL. */
	int (*connected)(struct troupe_websocket *socket);
	/* A message; bytes: until it returns. */
	int (*received)(struct troupe_websocket *socket, const void *bytes,
			size_t size, bool is_text);
	/*
	 * It is closed: called once, and last.  0; -EPROTO: the peer breaks the
	 * protocol, or its message is too long; or as that of a stream.  NULL:
	 * the actor ends, too.
	 */
	int (*ended)(struct troupe_websocket *socket, int error);
	size_t longest; /* of a message that is received; 0: 1 MiB */
	void *data;
	struct troupe_stream private_stream;
	struct trp_websocket *private_state;
};

/*
 * arguments: those of init().  0; -ENOTSUP: this troupe was built without
 * wslay; -ELIBACC: that is not here; -EALREADY; -ENOMEM; or as
 * troupe_connection_open().
 */
TROUPE_API int troupe_websocket_open(struct troupe_websocket *socket,
				     const void *arguments);

/*
 * Copied, if it cannot go out at once.  0; -EAGAIN: more than twice `longest`
 * waits to go out; -EPIPE: it is closing or closed, or the handshake is not
 * over; -ENOMEM.
 */
TROUPE_API int troupe_websocket_send(struct troupe_websocket *socket,
				     const void *bytes, size_t size,
				     bool is_text);

/* Closes it in order; code: 1000 is normal (RFC 6455, 7.4).  May be repeated.
 */
TROUPE_API void troupe_websocket_close(struct troupe_websocket *socket,
				       uint16_t code);

#ifdef __cplusplus
}
#endif

#endif
