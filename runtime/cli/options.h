/* SPDX-License-Identifier: MIT */
#ifndef TRP_RUNTIME_OPTIONS_H
#define TRP_RUNTIME_OPTIONS_H

/*
 * The options of `troupe run`: a table.  An option with a variable of the
 * environment takes that when it is not given.
 */

#include <stdbool.h>
#include <stdint.h>
#include "serialize/beacon/wire.h"

enum { TRP_NODE_NAME_SIZE = 64, TRP_BUS_URL_SIZE = 1024 };

struct trp_mesh_options {
	char bus[TRP_BUS_URL_SIZE]; /* as trp_bus_parse(); "": in no mesh */
	char name[TRP_NODE_NAME_SIZE];
	char codec[16];
	struct trp_wire_config config;
	bool is_roving; /* the seat goes with the beacon */
};

enum { TRP_TRACE_PATH_SIZE = 1024 };

struct trp_options {
	char node[TRP_NODE_NAME_SIZE];	 /* "": no control socket */
	uint32_t slots;			 /* 0: as many as there can be */
	uint64_t heap_size;		 /* 0: TRP_HEAP_DEFAULT */
	char trace[TRP_TRACE_PATH_SIZE]; /* a file; "": none */
	uint32_t trace_rate; /* events of a process and second; 0: all */
	struct trp_mesh_options mesh;
	/* The root actor, in this program; NULL: of the application. */
	int (*main)(int argc, char **argv);
	int argc;
	char **argv; /* argv[0]: the application */
};

/*
 * Reads them from the environment and from argv[0 .. argc - 1], the words after
 * `run`; the first that is no option is the application, and what follows is
 * its arguments.  argv is borrowed for as long as ret_options is used.
 * Returns 0, or -EINVAL: it has written to standard error what is wrong.
 */
int trp_options_read(int argc, char **argv, struct trp_options *ret_options);

/*
 * Sets one by its name without dashes.  False: it takes something else,
 * *ret_takes, or (NULL) there is no such option.
 */
bool trp_options_set(struct trp_options *options, const char *key,
		     const char *text, const char **ret_takes);

/* A line for each, for `troupe help`. */
void trp_options_help(void);

#endif
