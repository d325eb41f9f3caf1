/* SPDX-License-Identifier: MIT */
#pragma once

/* The address of a Redis; troupe_mailbox.h has the forms of URLs. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct trp_redis_address {
	char host[256]; /* or */
	char path[108];
	char user[64], password[256]; /* may be empty */
	uint16_t port;
	unsigned database;
};

/* 0 or -EINVAL. */
int trp_redis_url_parse(const char *url, struct trp_redis_address *ret_address);

/* The same from that url; NULL: from the environment, or of this machine. */
int trp_redis_url_find(const char *url, struct trp_redis_address *ret_address);

/* For people; without the password. */
void trp_redis_url_describe(const struct trp_redis_address *address, char *text,
			    size_t size);
