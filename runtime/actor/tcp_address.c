/* SPDX-License-Identifier: MIT */
#include "runtime/actor/tcp_address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include "ipc/host_port.h"

/* "*" and "" are all addresses of this machine, of both kinds. */
int trp_tcp_address_parse(const char *text, struct sockaddr_storage *ret,
			  socklen_t *ret_size)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
	struct sockaddr_in four = { .sin_family = AF_INET };
	bool is_six = *text == '[';
	char host[INET6_ADDRSTRLEN];
	uint16_t port;

	if (trp_host_port_read(text, strlen(text), host, sizeof(host), &port) !=
	    0)
		return -EINVAL;
	six.sin6_port = four.sin_port = htons(port);
	if (!is_six && inet_pton(AF_INET, host, &four.sin_addr) == 1) {
		memcpy(ret, &four, sizeof(four));
		*ret_size = sizeof(four);
		return 0;
	}
	if (is_six ? inet_pton(AF_INET6, host, &six.sin6_addr) != 1
		   : *host && strcmp(host, "*") != 0)
		return -EINVAL;
	memcpy(ret, &six, sizeof(six));
	*ret_size = sizeof(six);
	return 0;
}
