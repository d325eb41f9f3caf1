/* SPDX-License-Identifier: MIT */
#include "ipc/bus/bus.h"
#include "runtime/redis/url.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static bool ends_in(const char *text, size_t room)
{
	return strnlen(text, room) < room;
}

static void read_bus(const char *url)
{
	struct trp_bus_address at;
	int r;

	memset(&at, 'x', sizeof(at));
	r = trp_bus_address_parse(url, "fuzz", &at);
	assert(r == 0 || r == -EINVAL || r == -ENAMETOOLONG ||
	       r == -EPROTONOSUPPORT);
	if (r < 0)
		return;
	assert(at.kind && *at.path);
	assert(ends_in(at.host, sizeof(at.host)));
	assert(ends_in(at.user, sizeof(at.user)));
	assert(ends_in(at.password, sizeof(at.password)));
	assert(ends_in(at.path, sizeof(at.path)));
	assert(ends_in(at.ca, sizeof(at.ca)));
	assert(ends_in(at.cert, sizeof(at.cert)));
	assert(ends_in(at.key, sizeof(at.key)));
}

static void read_redis(const char *url)
{
	struct trp_redis_address at;
	char text[512];
	int r;

	memset(&at, 'x', sizeof(at));
	r = trp_redis_url_parse(url, &at);
	assert(r == 0 || r == -EINVAL);
	if (r < 0)
		return;
	assert(ends_in(at.host, sizeof(at.host)));
	assert(ends_in(at.path, sizeof(at.path)));
	assert(!*at.host != !*at.path);
	assert(ends_in(at.user, sizeof(at.user)));
	assert(ends_in(at.password, sizeof(at.password)));
	trp_redis_url_describe(&at, text, sizeof(text));
	assert(ends_in(text, sizeof(text)));
}

/* The URLs of a bus and of a mailbox: parsed texts fit, and end. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	char url[4097];

	if (size >= sizeof(url))
		return 0;
	memcpy(url, bytes, size);
	url[size] = 0;
	read_bus(url);
	read_redis(url);
	return 0;
}
