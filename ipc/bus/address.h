/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Where a bus is, as a URL:
 *
 *	local[:FOLDER]				the processes of one user on
 *						one host; no server
 *	mqtt://[USER:PASSWORD@]HOST[:PORT][/TOPIC]
 *	mqtts://...[?ca=FILE&cert=FILE&key=FILE&insecure=1]
 *	nats://[USER:PASSWORD@]HOST[:PORT][/SUBJECT]	or TOKEN@, tls://...
 *	serf://[:AUTHKEY@]HOST[:PORT][/NAME]	user events of a Serf agent
 */

struct trp_bus_kind;

struct trp_bus_address {
	const struct trp_bus_kind *kind;
	char host[256];
	uint16_t port;
	char user[128];
	char password[128];
	char path[256]; /* directory; topic, words joined by /; event and
			   subject, by . */
	bool is_tls;
	bool is_insecure; /* the server's name is not checked */
	char ca[256], cert[256], key[256]; /* files of PEM */
};

/*
 * Reads a URL.  `mesh` is the default for directory, topic or event.  Returns
 * 0; -EINVAL: malformed; -ENAMETOOLONG; -EPROTONOSUPPORT: this kind is unknown
 * or was not built.
 */
int trp_bus_address_parse(const char *url, const char *mesh,
			  struct trp_bus_address *ret_address);

/*
 * The address without user and password, for people; cut to the space.
 */
void trp_bus_address_describe(const struct trp_bus_address *address,
			      char *space, size_t size);
