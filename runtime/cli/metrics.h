/* SPDX-License-Identifier: MIT */
#pragma once

/* `troupe metrics`: a node's counters in Prometheus' text format. */

#include <stdio.h>
#include "runtime/control/client.h"
#include "runtime/supervisor/totals.h"

int trp_cli_metrics(int argc, char **argv);

/* Asks the node and writes all of it.  0, or a negative errno, with
 * client->why if that has details. */
int trp_metrics_write(struct trp_client *client, FILE *out);

/* One counter, of all classes. */
int trp_metrics_sum(struct trp_client *client, enum trp_total which,
		    uint64_t *ret_sum);
