/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The link between the nodes of a test, which may be lost: a bus of the kind
 * `local` in a folder of the test.
 */

#include <stdbool.h>
#include <stdint.h>

/* Before the forks of the nodes; 0: an outage of ten seconds. */
int trp_link_begin(int32_t outage_ms);
/* Does nothing where it has not begun. */
void trp_link_end(void);

/* "": it has not begun. */
const char *trp_link_url(void);

/* This process is that of the other node. */
void trp_link_be_other(void);

/* For so long from now on; 0: it is back; negative: until then. */
void trp_link_lose(int64_t ms);
