/* SPDX-License-Identifier: MIT */
#pragma once

/* troupe beacon: who is it, who is there, and what happens in the mesh.  The
 * words after it; the exit status. */
int trp_cli_beacon(int argc, char **argv);
