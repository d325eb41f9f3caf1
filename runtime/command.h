/* SPDX-License-Identifier: MIT */
#ifndef TRP_RUNTIME_COMMAND_H
#define TRP_RUNTIME_COMMAND_H

/*
 * The commands that ask a running node: command_NAME.c each.  They are given
 * the words after their name, return the exit status, and have said on
 * standard error why it is not 0.
 */

#include <stdbool.h>
#include <stddef.h>

enum {
	TRP_COMMAND_OK = 0,
	TRP_COMMAND_FAILED = 1,
	TRP_COMMAND_USAGE = 2,
};

int trp_command_beacon(int argc, char **argv);
int trp_command_ps(int argc, char **argv);
int trp_command_stop(int argc, char **argv);

/* ---- command_line.c: what they have in common -------------------------- */

struct trp_command_option {
	const char *name;   /* "--node" */
	const char **value; /* where it goes; or */
	bool *flag;	    /* an option without value */
};

/*
 * Takes the options from the front of argv, up to `count` of them.  Returns
 * how many words they are; -EINVAL: it has said what is wrong.
 */
int trp_command_options(const char *command, int argc, char **argv,
			const struct trp_command_option *options, size_t count);

/* Says "troupe COMMAND: ..." and returns `status`. */
int trp_command_fail(int status, const char *command, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The exit status for what trp_visit_open() has returned. */
int trp_command_status(int r);

#endif
