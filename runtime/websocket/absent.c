/* SPDX-License-Identifier: MIT */
/* The functions of troupe_websocket.h without wslay; else they are in frames.c.
 */
#ifndef HAVE_WSLAY
#include "runtime/troupe_websocket.h"

#include <errno.h>

int troupe_websocket_open(struct troupe_websocket *socket,
			  const void *arguments)
{
	troupe_log(TROUPE_WARNING, "this troupe was built without wslay");
	return -ENOTSUP;
}

int troupe_websocket_send(struct troupe_websocket *socket, const void *bytes,
			  size_t size, bool is_text)
{
	return -EPIPE;
}

void troupe_websocket_close(struct troupe_websocket *socket, uint16_t code)
{
}
#endif
