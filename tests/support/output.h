/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * stage_pass() with standard error in a file; returns what was written to it,
 * which is the caller's to free.
 */
char *output_of(int (*root)(int argc, char **argv));
