/* SPDX-License-Identifier: MIT */
#pragma once

/* `troupe metrics`: a node's counters in Prometheus' text format. */

#include <stdio.h>
#include "runtime/supervisor/totals.h"

struct trp_look;
struct trp_client;

int trp_cli_metrics(int argc, char **argv);

/* Of a node that was looked at.  0, or a negative errno, with look->client.why
 * if that has details. */
int trp_metrics_write(struct trp_look *look, FILE *out);

/* One counter, of all classes. */
int trp_metrics_sum(struct trp_client *client, enum trp_total which,
		    uint64_t *ret_sum);
