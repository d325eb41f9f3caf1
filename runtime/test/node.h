/* SPDX-License-Identifier: MIT */
#pragma once

/* The node of the test that runs: a child of the test's process. */

#include "runtime/troupe.h"

/* Its root actor; 0: no test has begun. */
troupe_ref trp_test_node_root(void);
