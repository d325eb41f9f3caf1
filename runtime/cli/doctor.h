/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * `troupe doctor`: checks what this machine allows, and a mesh if one is named,
 * a line each, with advice.  Returns 0; 1: an application cannot run here, or
 * not in that mesh; or that of wrong use.
 */
int trp_doctor(int argc, char **argv);
