/* SPDX-License-Identifier: MIT */
#pragma once

/* The options of a node: those of `troupe run`. */

#include <stdbool.h>
#include <stdint.h>
#include "runtime/node/log_format.h"
#include "serialize/beacon/wire.h"

enum {
	TRP_NODE_NAME_SIZE = 64,
	TRP_BUS_URL_SIZE = 1024,
	TRP_COOKIE_MOST = 511,
};

struct trp_mesh_options {
	char bus[TRP_BUS_URL_SIZE]; /* a URL of a bus; "": in no mesh */
	char name[TRP_NODE_NAME_SIZE];
	char codec[16];
	char cookie[TRP_COOKIE_MOST]; /* not ended by NUL */
	uint32_t cookie_length;	      /* 0: mail is not sealed */
	struct trp_wire_config config;
	bool is_roving;	   /* leadership goes with the beacon */
	bool is_enabled;   /* it takes part from its start */
	bool allows_ps;	   /* other nodes may list the actors of this one */
	bool is_plain;	   /* its value is never a text: election/dialect.h */
	int32_t outage_ms; /* that loses no mail; 0: ten seconds */
};

enum {
	TRP_TRACE_PATH_SIZE = 1024,
	TRP_METRICS_SIZE = 1024,
	TRP_DEBUG_SIZE = 256
};

struct trp_log_options {
	enum trp_log_style style;
	uint32_t level; /* lines below it are not written */
};

struct trp_options {
	char node[TRP_NODE_NAME_SIZE]; /* "": no control socket */
	uint32_t slots;		       /* 0: the maximum */
	uint64_t heap_size;	       /* 0: TRP_HEAP_DEFAULT */
	uint32_t load_s; /* what loading it may take; 0: any time */
	char trace[TRP_TRACE_PATH_SIZE]; /* a file; "": none */
	uint32_t trace_rate;	    /* events of a process and second; 0: all */
	char debug[TRP_DEBUG_SIZE]; /* addresses, see debugger.h; "": none */
	bool is_timed;		    /* handling times are measured */
	char metrics[TRP_METRICS_SIZE]; /* patterns of names, with commas */
	struct trp_log_options log;
	struct trp_mesh_options mesh;
	/* The root actor, in this program; NULL: of the application. */
	int (*main)(int argc, char **argv);
	int argc;
	char **argv; /* argv[0]: the application */
};
