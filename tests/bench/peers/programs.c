/* SPDX-License-Identifier: MIT */
/* The peers that are programs, each with the package without which it is not.
 */
#include "tests/bench/peers/program.h"

#ifdef HAVE_PEER_PYTHON
#define NEEDS_PYTHON NULL
#else
#define NEEDS_PYTHON "python3"
#endif
PROGRAM(python_queue, NEEDS_PYTHON, false, BENCH_SLEEPS, (200, 10000, 100000),
	(200, 20000, 200000), (10, 2000, 10000),
	("python3", "@/python.py", "queue"));
PROGRAM(python_manager, NEEDS_PYTHON, false, BENCH_SLEEPS, (100, 5000, 50000),
	(100, 10000, 100000), (5, 500, 5000),
	("python3", "@/python.py", "manager"));

/* The schedulers of Erlang and CAF look for work for a while before they sleep.
 */
#ifdef HAVE_PEER_ERLANG
#define NEEDS_ERLANG NULL
#else
#define NEEDS_ERLANG "erlang-base"
#endif
PROGRAM(erlang, NEEDS_ERLANG, true, BENCH_ADAPTS, (500, 200000, 2000000),
	(1000, 1000000, 1000000), (250, 20000, 100000),
	("env", "ERL_CRASH_DUMP_SECONDS=0", "erl", "-noinput", "-pa", "@",
	 "-run", "erlang_peer", "main", "inside", "@", "0"));

/* Nodes find each other at a port that they were told, so epmd is not run. */
PROGRAM(erlang_nodes, NEEDS_ERLANG, false, BENCH_ADAPTS, (500, 20000, 200000),
	(1000, 200000, 1000000), (250, 20000, 100000),
	("env", "ERL_CRASH_DUMP_SECONDS=0", "erl", "-noinput", "-pa", "@",
	 "-name", "troupe_first@127.0.0.1", "-dist_listen", "false",
	 "-start_epmd", "false", "-setcookie", "troupe", "-erl_epmd_port", "#",
	 "-run", "erlang_peer", "main", "nodes", "@", "#"));

#ifdef HAVE_PEER_CAF
#define NEEDS_CAF NULL
#else
#define NEEDS_CAF "libcaf-dev (0.17) and g++"
#endif
PROGRAM(caf, NEEDS_CAF, true, BENCH_ADAPTS, (500, 200000, 2000000),
	(1000, 1000000, 1000000), (250, 20000, 100000), ("@/caf"));
