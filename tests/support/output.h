/* SPDX-License-Identifier: MIT */
#ifndef TRP_TESTS_RUNTIME_OUTPUT_H
#define TRP_TESTS_RUNTIME_OUTPUT_H

/*
 * stage_pass() with standard error in a file; returns what was written to it,
 * which is the caller's to free.
 */
char *output_of(int (*root)(int argc, char **argv));

#endif
