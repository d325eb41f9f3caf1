/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A command as data: the help, the usage and the completion of the shells are
 * made of it.
 */

#include <stddef.h>

/*
 * An option, which begins with a dash; or a word: WHOM in capitals stands for
 * something, "watch" is meant as it is.
 */
struct trp_command_part {
	const char *name;  /* NULL: the end of the list */
	const char *value; /* of it; NULL: it has none */
	const char *help;
};

struct trp_command {
	const char *name;
	const char *words; /* behind the options, for the usage */
	const char *help;  /* a line; NULL: it is not for people */
	const struct trp_command_part *parts; /* NULL: none */
	/* The words after the command's name; the exit status. */
	int (*run)(int argc, char **argv);
};

/* All of them, of main; the last has no name.  The first is called before the
 * others. */
void trp_command_set_all(const struct trp_command *commands);
const struct trp_command *trp_command_all(void);

/* NULL: there is none of that name. */
const struct trp_command *trp_command_find(const char *name);
/* The name that is most like it; NULL: none is. */
const char *trp_command_nearest(const char *name);
