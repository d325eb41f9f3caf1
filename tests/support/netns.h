/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Nodes in network namespaces of their own, around a hub that is the test's.
 *
 *	node n: eth0 10.99.0.n+1 ---- vN \
 *	                                  br0 10.99.0.254
 */

#define NETNS_HUB "10.99.0.254"

/* In the test: skips it where namespaces are not allowed. */
void netns_make_hub(void);
/* In the node's process.  0 or -1. */
int netns_move_out(int number);

/* In the test, of a node that has moved out. */
void netns_cut_off(int number);
void netns_join(int number);
/* One that was killed: its number can be used again. */
void netns_forget(int number);
