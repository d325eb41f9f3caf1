/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The HTTP of `troupe web`, by libmicrohttpd, in this one thread.  It serves
 * loopback alone, and only those who know the token, which is the first part of
 * each path.  A page of another origin learns nothing and orders nothing, also
 * one whose name has been rebound to 127.0.0.1: `Host` has to be ours.
 */

#include "runtime/cli/web_state.h"

enum { TRP_WEB_TOKEN = 32 }; /* characters */

struct trp_web_server;

/*
 * Port 0: any.  The state is borrowed.  0; -ELIBACC: libmicrohttpd is not here,
 * or troupe was built without; -EADDRINUSE; or another negative errno.
 */
int trp_web_server_open(struct trp_web_state *state, const char *token,
			uint16_t port, struct trp_web_server **ret_server);
void trp_web_server_close(struct trp_web_server *server);

uint16_t trp_web_server_port(const struct trp_web_server *server);

/* For poll(2), and how long until it wants to run, in ms; -1: any time. */
int trp_web_server_fd(const struct trp_web_server *server);
int trp_web_server_timeout(const struct trp_web_server *server);
void trp_web_server_run(struct trp_web_server *server);

/* The state has a new text: to all that watch. */
void trp_web_server_tell(struct trp_web_server *server);
