/* SPDX-License-Identifier: MIT */
#include "runtime/redis/url.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/host_port.h"

enum { PORT_DEFAULT = 6379 };

/* Copies [from, to); false: it is empty or too long. */
static bool copy(char *into, size_t room, const char *from, const char *to)
{
	size_t size = (size_t)(to - from);

	if (size == 0 || size >= room)
		return false;
	memcpy(into, from, size);
	into[size] = '\0';
	return true;
}

static bool take_database(const char *text, unsigned *ret_number)
{
	char *end;
	unsigned long number;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	number = strtoul(text, &end, 10);
	if (*end || errno || number > INT32_MAX)
		return false;
	*ret_number = (unsigned)number;
	return true;
}

/* [[USER]:PASSWORD@]; *text then points behind it. */
static bool take_user(const char **text, struct trp_redis_address *address)
{
	const char *at = strrchr(*text, '@');
	const char *colon;

	if (!at)
		return true;
	colon = memchr(*text, ':', (size_t)(at - *text));
	if (!colon ||
	    !copy(address->password, sizeof(address->password), colon + 1, at))
		return false;
	if (colon > *text &&
	    !copy(address->user, sizeof(address->user), *text, colon))
		return false;
	*text = at + 1;
	return true;
}

/* HOST[:PORT][/DATABASE] */
static bool take_host(const char *text, struct trp_redis_address *address)
{
	size_t length = strcspn(text, "/");

	if (text[length] &&
	    !take_database(text + length + 1, &address->database))
		return false;
	return trp_host_port_read(text, length, address->host,
				  sizeof(address->host), &address->port) >= 0 &&
	       address->host[0];
}

/* /PATH[?db=DATABASE] */
static bool take_path(const char *text, struct trp_redis_address *address)
{
	const char *query = strstr(text, "?db=");

	if (query && !take_database(query + 4, &address->database))
		return false;
	return *text == '/' && copy(address->path, sizeof(address->path), text,
				    query ? query : text + strlen(text));
}

int trp_redis_url_parse(const char *url, struct trp_redis_address *ret_address)
{
	static const char tcp[] = "redis://", local[] = "unix://";
	struct trp_redis_address address = { .port = PORT_DEFAULT };
	bool is_local = strncmp(url, local, strlen(local)) == 0;

	if (!is_local && strncmp(url, tcp, strlen(tcp)) != 0)
		return -EINVAL;
	url += is_local ? strlen(local) : strlen(tcp);
	if (!take_user(&url, &address) ||
	    !(is_local ? take_path(url, &address) : take_host(url, &address)))
		return -EINVAL;
	*ret_address = address;
	return 0;
}

int trp_redis_url_find(const char *url, struct trp_redis_address *ret_address)
{
	if (!url)
		url = getenv("TROUPE_REDIS");
	return trp_redis_url_parse(url ? url : "redis://127.0.0.1:6379",
				   ret_address);
}

void trp_redis_url_describe(const struct trp_redis_address *address, char *text,
			    size_t size)
{
	if (address->path[0])
		snprintf(text, size, "%s", address->path);
	else
		snprintf(text, size, "%s:%u", address->host, address->port);
}
