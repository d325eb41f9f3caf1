/* SPDX-License-Identifier: MIT */
#pragma once

/* Commands that query a node and need no application: ps, beacon. */

#include <stdbool.h>
#include "runtime/control/client.h"

struct trp_query {
	const char *command;
	const char *usage; /* printed after an unknown argument */
	bool has_json;	   /* takes --json */
	/* 0, or a negative errno, with client->why if that has details. */
	int (*run)(struct trp_client *client, bool is_json);
};

/* Takes the options, asks the node, and returns the exit status. */
int trp_query_run(const struct trp_query *query, int argc, char **argv);
