/* SPDX-License-Identifier: MIT */
#pragma once

/* Commands that look at the actors of a node: ps, inspect, wait-for ... */

#include "runtime/cli/arguments.h"
#include "runtime/look/look.h"
#include "serialize/value.h"

struct trp_looker {
	const char *command;
	const char *takes; /* what its word is; NULL: it has none */
	const struct trp_arguments_option *more; /* beside --node, --json */
	size_t count;
	/* After the words were parsed: 0, or the exit status; or NULL. */
	int (*check)(void);
	bool may_be_far; /* it may look at nodes of other machines, too */
	/* After the first look: 0, or a negative errno, with look->client.why
	 * if that has details.  word: NULL: none was given. */
	int (*run)(struct trp_look *look, const char *word, bool is_json);
};

/* Takes the options, looks, and returns the exit status. */
int trp_looker_run(const struct trp_looker *looker, int argc, char **argv);

/* The actor that is meant; NULL: there is none, and look->client.why says so.
 */
const struct trp_look_actor *trp_looker_find(struct trp_look *look,
					     const char *whom);

/*
 * The work of an actor, for an error: "it is asleep: handles ..."; "" where
 * that is not known.  Returns text.
 */
const char *trp_looker_tell(const char *node, const char *whom, char *text,
			    size_t size);

/* Prints a value (consumed; NULL: no memory) in one line.  0 or -ENOMEM. */
int trp_looker_print(struct troupe_value *value);
