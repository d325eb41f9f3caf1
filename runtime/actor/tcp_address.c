/* SPDX-License-Identifier: MIT */
#include "runtime/actor/tcp_address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static int parse_port(const char *text, in_port_t *ret_port)
{
	size_t digits = strspn(text, "0123456789");
	unsigned long port;

	if (digits == 0 || digits > 5 || text[digits])
		return -EINVAL;
	port = strtoul(text, NULL, 10);
	if (port > UINT16_MAX)
		return -EINVAL;
	*ret_port = htons((in_port_t)port);
	return 0;
}

/* "*" and "" are all addresses of this machine, of both kinds. */
static int parse_host(const char *host, in_port_t port,
		      struct sockaddr_storage *ret, socklen_t *ret_size)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6,
				    .sin6_port = port };
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = port };
	size_t length = strlen(host);
	char inner[INET6_ADDRSTRLEN] = "::";
	bool is_any = length == 0 || strcmp(host, "*") == 0;

	if (inet_pton(AF_INET, host, &four.sin_addr) == 1) {
		memcpy(ret, &four, sizeof(four));
		*ret_size = sizeof(four);
		return 0;
	}
	if (!is_any && (host[0] != '[' || host[length - 1] != ']'))
		return -EINVAL;
	if (!is_any) {
		memcpy(inner, host + 1, length - 2);
		inner[length - 2] = '\0';
	}
	if (inet_pton(AF_INET6, inner, &six.sin6_addr) != 1)
		return -EINVAL;
	memcpy(ret, &six, sizeof(six));
	*ret_size = sizeof(six);
	return 0;
}

int trp_tcp_address_parse(const char *text, struct sockaddr_storage *ret,
			  socklen_t *ret_size)
{
	const char *colon = strrchr(text, ':');
	char host[INET6_ADDRSTRLEN + 2];
	in_port_t port;
	size_t length;

	if (!colon || parse_port(colon + 1, &port) < 0)
		return -EINVAL;
	length = (size_t)(colon - text);
	if (length >= sizeof(host) - 2)
		return -EINVAL;
	memcpy(host, text, length);
	host[length] = '\0';
	return parse_host(host, port, ret, ret_size);
}
