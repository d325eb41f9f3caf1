/* SPDX-License-Identifier: MIT */
/* The peers that are programs, each with the package that it needs.
 */
#include "tests/bench/peers/program.h"

#ifdef HAVE_PEER_PYTHON
#define NEEDS_PYTHON NULL
#else
#define NEEDS_PYTHON "python3"
#endif
#define PYTHON .needs = NEEDS_PYTHON, .file = "python.py", .program = "python3"
PROGRAM(python_queue, PYTHON, (200, 20000, 100000), (200, 100000, 200000),
	(256, 100000, 400000), ("python3", "@/python.py", "queue"));
PROGRAM(python_manager, PYTHON, (100, 10000, 50000), (100, 20000, 100000),
	(256, 10000, 100000), ("python3", "@/python.py", "manager"));

/* The schedulers of Erlang and CAF look for work for a while before they sleep.
 */
#ifdef HAVE_PEER_ERLANG
#define NEEDS_ERLANG NULL
#else
#define NEEDS_ERLANG "erlang-base"
#endif
#define ERLANG                                                               \
	.needs = NEEDS_ERLANG, .file = "erlang_peer.beam", .program = "erl", \
	.waiting = BENCH_ADAPTS
#define ERLANG_INSIDE ERLANG, .shares_memory = true
PROGRAM(erlang, ERLANG_INSIDE, (500, 1000000, 4000000),
	(1000, 1000000, 1000000), (1000, 2000000, 10000000),
	("env", "ERL_CRASH_DUMP_SECONDS=0", "erl", "-noinput", "-pa", "@",
	 "-run", "erlang_peer", "main", "inside", "@", "0"));

/* Nodes find each other at a port that they were told, so epmd is not run. */
PROGRAM(erlang_nodes, ERLANG, (500, 50000, 200000), (1000, 1000000, 1000000),
	(1000, 2000000, 10000000),
	("env", "ERL_CRASH_DUMP_SECONDS=0", "erl", "-noinput", "-pa", "@",
	 "-name", "troupe_first@127.0.0.1", "-dist_listen", "false",
	 "-start_epmd", "false", "-setcookie", "troupe", "-erl_epmd_port", "#",
	 "-run", "erlang_peer", "main", "nodes", "@", "#"));

#ifdef HAVE_PEER_CAF
#define NEEDS_CAF NULL
#else
#define NEEDS_CAF "libcaf-dev (0.17) and g++"
#endif
#define CAF                                                       \
	.needs = NEEDS_CAF, .file = "caf", .shares_memory = true, \
	.waiting = BENCH_ADAPTS
PROGRAM(caf, CAF, (500, 500000, 4000000), (1000, 1000000, 1000000),
	(1000, 2000000, 10000000), ("@/caf"));
