/* SPDX-License-Identifier: MIT */
#include "ipc/host_port.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

static int read_port(const char *text, size_t length, uint16_t *ret_port)
{
	unsigned port = 0;

	for (size_t i = 0; i < length && port <= UINT16_MAX; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -EINVAL;
		port = 10 * port + (unsigned)(text[i] - '0');
	}
	if (!length || port > UINT16_MAX)
		return -EINVAL;
	*ret_port = (uint16_t)port;
	return 0;
}

int trp_host_port_read(const char *text, size_t length, char *host, size_t room,
		       uint16_t *port)
{
	bool is_bracketed = length && *text == '[';
	const char *end = text + length, *colon;
	const char *host_end = memchr(text, is_bracketed ? ']' : ':', length);
	size_t size;

	if (is_bracketed && !host_end)
		return -EINVAL;
	if (!host_end)
		host_end = end;
	colon = host_end + is_bracketed;
	text += is_bracketed;
	size = (size_t)(host_end - text);
	if (colon < end && *colon != ':')
		return -EINVAL;
	if (size >= room)
		return -ENAMETOOLONG;
	memcpy(host, text, size);
	host[size] = '\0';
	return colon < end
		       ? read_port(colon + 1, (size_t)(end - colon - 1), port)
		       : 1;
}
