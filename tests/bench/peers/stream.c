/* SPDX-License-Identifier: MIT */
#include "tests/bench/peers/stream.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static char *buffer;
static size_t room, first, last; /* first .. last are unread */

int stream_send(int fd, const void *bytes, size_t size)
{
	uint32_t length = (uint32_t)size;
	struct iovec part[] = { { &length, sizeof(length) },
				{ (void *)bytes, size } };
	struct iovec *at = part;

	while (at < part + 2) {
		ssize_t n = writev(fd, at, (int)(part + 2 - at));

		if (n < 0)
			return -errno;
		while (at < part + 2 && (size_t)n >= at->iov_len)
			n -= (ssize_t)(at++)->iov_len;
		if (at == part + 2)
			break;
		at->iov_base = (char *)at->iov_base + n;
		at->iov_len -= (size_t)n;
	}
	return 0;
}

/* Until `size` unread bytes are there. */
static int fill(int fd, size_t size)
{
	enum { USUAL = 64 << 10 };

	if (first + size > room || first == last) {
		memmove(buffer, buffer + first, last - first);
		last -= first;
		first = 0;
	}
	if (size > room) {
		size_t more = size > USUAL ? size : USUAL;
		char *larger = realloc(buffer, more);

		if (!larger)
			return -ENOMEM;
		buffer = larger;
		room = more;
	}
	while (last - first < size) {
		ssize_t n = read(fd, buffer + last, room - last);

		if (n <= 0)
			return n < 0 ? -errno : -EPIPE;
		last += (size_t)n;
	}
	return 0;
}

ssize_t stream_receive(int fd, const void **ret_bytes)
{
	uint32_t length;
	int r = fill(fd, sizeof(length));

	if (r < 0)
		return r;
	memcpy(&length, buffer + first, sizeof(length));
	r = fill(fd, sizeof(length) + length);
	if (r < 0)
		return r;
	*ret_bytes = buffer + first + sizeof(length);
	first += sizeof(length) + length;
	return length;
}
