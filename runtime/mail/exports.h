/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The application of this node as others see it: its build, and the classes
 * that they may start (troupe_node.h).  In actors, as only these have loaded
 * it.
 */

#include "runtime/troupe.h"

/*
 * A hash of the linker's build id, else of the file; 0: neither can be read.
 * Equal numbers: classes, types and addresses are the same.
 */
uint64_t trp_mail_exports_build(void);

/* Of troupe_classes[]; NULL: there is none of that name. */
const struct troupe_class *trp_mail_exports_class(const char *name);
