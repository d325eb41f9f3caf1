/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The part of `troupe doctor` that looks at one mesh, as a node would: its bus,
 * whether that carries mail, who is there, and whether they have the same
 * cookie.
 */

#include "runtime/cli/finding.h"
#include "runtime/node/options.h"

/*
 * Parses --beacon, --mesh and --cookie-file, else the environment.  0; or an
 * exit status, and the error is printed.
 */
int trp_doctor_mesh_options(int argc, char **argv,
			    struct trp_mesh_options *ret_mesh);

/* Returns the worst finding; mesh->bus is set. */
enum trp_finding trp_doctor_mesh_check(const struct trp_mesh_options *mesh);
