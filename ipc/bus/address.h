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
 *	serf://[:AUTHKEY@]HOST[:PORT][/NAME]	user events of a Serf agent
 */

struct trp_bus_kind;

struct trp_bus_address {
	const struct trp_bus_kind *kind;
	char host[256];
	uint16_t port;
	char user[128];
	char password[128];
	char path[256]; /* directory; topic, words joined by /; event, by . */
	bool is_tls;
	bool is_insecure; /* the server's name is not checked */
	char ca[256], cert[256], key[256]; /* files of PEM */
};

/*
 * Reads a URL.  `mesh` stands where it names no directory, topic or event.
 * Returns 0; -EINVAL when it makes no sense; -ENAMETOOLONG; -EPROTONOSUPPORT
 * when this kind is unknown or was not built.
 */
int trp_bus_address_parse(const char *url, const char *mesh,
			  struct trp_bus_address *ret_address);

/*
 * The address as people may see it, without user and password, as much as the
 * space takes.
 */
void trp_bus_address_describe(const struct trp_bus_address *address,
			      char *space, size_t size);
