/* SPDX-License-Identifier: MIT */
#include "ipc/bus/address.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "ipc/bus/kinds.h"
#include "ipc/host_port.h"
#include "ipc/runtime_dir.h"

static int put_part(char *to, size_t space, const char *from, size_t length)
{
	if (length >= space)
		return -ENAMETOOLONG;
	memcpy(to, from, length);
	to[length] = '\0';
	return 0;
}

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c | 0x20) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* %2F and the like, in place. */
static int decode_percent(char *text)
{
	char *to = text;
	int high, low;

	for (; *text; text++) {
		if (*text != '%') {
			*to++ = *text;
			continue;
		}
		high = hex_digit(text[1]);
		low = high < 0 ? -1 : hex_digit(text[2]);
		if (low < 0 || (high == 0 && low == 0))
			return -EINVAL;
		*to++ = (char)(high << 4 | low);
		text += 2;
	}
	*to = '\0';
	return 0;
}

static int put_decoded(char *to, size_t space, const char *from, size_t length)
{
	int r = put_part(to, space, from, length);

	return r < 0 ? r : decode_percent(to);
}

static int parse_user(struct trp_bus_address *address, const char *text,
		      size_t length)
{
	const char *colon = memchr(text, ':', length);
	size_t user = colon ? (size_t)(colon - text) : length;
	int r = put_decoded(address->user, sizeof(address->user), text, user);

	if (r < 0 || !colon)
		return r;
	return put_decoded(address->password, sizeof(address->password),
			   colon + 1, length - user - 1);
}

static int parse_host(struct trp_bus_address *address, const char *text,
		      size_t length)
{
	int r = trp_host_port_read(text, length, address->host,
				   sizeof(address->host), &address->port);

	return r >= 0 && (!*address->host || !address->port) ? -EINVAL : r;
}

static int parse_option(struct trp_bus_address *address, const char *text,
			size_t length)
{
	static const char *const names[] = { "ca=", "cert=", "key=" };
	char *const fields[] = { address->ca, address->cert, address->key };
	size_t i, skip;

	for (i = 0; i < 3; i++) {
		skip = strlen(names[i]);
		if (length > skip && strncmp(text, names[i], skip) == 0)
			return put_decoded(fields[i], sizeof(address->ca),
					   text + skip, length - skip);
	}
	if (length == 10 && strncmp(text, "insecure=1", 10) == 0) {
		address->is_insecure = true;
		return 0;
	}
	return -EINVAL;
}

static int parse_options(struct trp_bus_address *address, const char *text)
{
	size_t length;
	int r = 0;

	while (*text && r == 0) {
		length = strcspn(text, "&");
		r = parse_option(address, text, length);
		text += length + (text[length] == '&');
	}
	return r;
}

/* "troupe" and the mesh as levels. */
static int default_path(struct trp_bus_address *address, const char *mesh)
{
	int length = snprintf(address->path, sizeof(address->path),
			      "troupe%s%s", address->kind->join, mesh);

	return (size_t)length < sizeof(address->path) ? 0 : -ENAMETOOLONG;
}

/* The levels of a topic are separated by '/' in the URL, whatever joins
 * them. */
static int parse_path(struct trp_bus_address *address, const char *text,
		      size_t length, const char *mesh)
{
	char *slash = address->path;
	int r;

	if (!length)
		return default_path(address, mesh);
	r = put_decoded(address->path, sizeof(address->path), text, length);
	while (r == 0 && (slash = strchr(slash, '/')))
		*slash++ = *address->kind->join;
	return r;
}

/* Options that would be ignored are refused. */
static int check_server(const struct trp_bus_address *address)
{
	const char *refuses = address->kind->refuses;
	bool has_files = *address->ca || *address->cert || *address->key;

	if (!address->is_tls && (has_files || address->is_insecure))
		return -EINVAL;
	if (!*address->cert != !*address->key)
		return -EINVAL;
	if (address->kind->has_user ? *address->password && !*address->user
				    : *address->user)
		return -EINVAL;
	return refuses && strpbrk(address->path, refuses) ? -EINVAL : 0;
}

/* The part behind "//". */
static int parse_server(struct trp_bus_address *address, const char *text,
			const char *mesh)
{
	size_t server = strcspn(text, "/?"), path = server;
	const char *at = memrchr(text, '@', server);
	int r = 0;

	if (at) {
		r = parse_user(address, text, (size_t)(at - text));
		server -= (size_t)(at + 1 - text);
		at++;
	} else {
		at = text;
	}
	if (r == 0)
		r = parse_host(address, at, server);
	if (r < 0)
		return r;
	text += path;
	if (*text == '/')
		text++;
	r = parse_path(address, text, strcspn(text, "?"), mesh);
	text += strcspn(text, "?");
	if (r == 0 && *text == '?')
		r = parse_options(address, text + 1);
	return r < 0 ? r : check_server(address);
}

/* The directory is checked by the kind; without one it is the user's own. */
static int parse_local(struct trp_bus_address *address, const char *text,
		       const char *mesh)
{
	char *path = address->path;
	size_t length, space = sizeof(address->path);
	int r;

	if (*text == ':')
		return text[1] ? put_part(path, space, text + 1,
					  strlen(text + 1))
			       : -EINVAL;
	if (*text)
		return -EINVAL;
	if (strchr(mesh, '/') || *mesh == '.')
		return -EINVAL;
	r = trp_runtime_dir_find(path, space);
	if (r < 0)
		return r;
	length = strlen(path);
	return (size_t)snprintf(path + length, space - length, "/%s", mesh) <
			       space - length
		       ? 0
		       : -ENAMETOOLONG;
}

/* Schemes with TLS. */
static const struct secure {
	const char *scheme, *kind;
	uint16_t port;
} secure[] = { { "mqtts", "mqtt", 8883 }, { "tls", "nats", 4222 }, { 0 } };

static void find_kind(struct trp_bus_address *address, const char *url,
		      size_t length)
{
	const struct secure *one = secure;

	while (one->scheme && (strlen(one->scheme) != length ||
			       memcmp(one->scheme, url, length) != 0))
		one++;
	address->is_tls = one->scheme;
	address->kind = one->scheme ? trp_bus_kinds_find(one->kind, 4)
				    : trp_bus_kinds_find(url, length);
	if (address->kind)
		address->port = one->scheme ? one->port : address->kind->port;
}

static const char *scheme_of(const struct trp_bus_address *address)
{
	const struct secure *one = secure;

	while (address->is_tls && strcmp(one->kind, address->kind->name) != 0)
		one++;
	return address->is_tls ? one->scheme : address->kind->name;
}

int trp_bus_address_parse(const char *url, const char *mesh,
			  struct trp_bus_address *ret_address)
{
	size_t scheme = strcspn(url, ":");
	struct trp_bus_address address = { 0 };
	int r;

	if (!*mesh)
		return -EINVAL;
	find_kind(&address, url, scheme);
	if (!address.kind)
		return -EPROTONOSUPPORT;
	if (!address.kind->port)
		r = parse_local(&address, url + scheme, mesh);
	else if (strncmp(url + scheme, "://", 3) == 0)
		r = parse_server(&address, url + scheme + 3, mesh);
	else
		r = -EINVAL;
	if (r == 0)
		*ret_address = address;
	return r;
}

/* ---- for people ---------------------------------------------------------- */

void trp_bus_address_describe(const struct trp_bus_address *address,
			      char *space, size_t size)
{
	const char *path = address->path;
	bool is_ipv6 = strchr(address->host, ':');

	if (!address->kind->port)
		snprintf(space, size, "local:%s", path);
	else
		snprintf(space, size, "%s://%s%s%s:%u/%s", scheme_of(address),
			 is_ipv6 ? "[" : "", address->host, is_ipv6 ? "]" : "",
			 address->port, path);
}
