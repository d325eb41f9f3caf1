/* SPDX-License-Identifier: MIT */
#pragma once

/* The node of the test that runs, and another where it wants one. */

#include "runtime/troupe.h"

/* Its root actor; 0: no test has begun. */
troupe_ref trp_test_node_root(void);

/* Of the other node, by its name; 0: there is no such node. */
troupe_ref trp_test_node_root_of(const char *name);
bool trp_test_node_has_other(void);
