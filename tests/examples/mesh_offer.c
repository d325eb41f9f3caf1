/* SPDX-License-Identifier: MIT */
#include "tests/support/example.h"
#include "tests/support/server.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

TestSuite(mesh_offer, .timeout = 600);

static void start(struct program *p, const char *node, const char *baker)
{
	cr_assert_eq(program_troupe(p, "run", "--mesh", "village", "--cycle",
				    "1", "--gap", "0.3", "--node", node,
				    program_built("examples/mesh_offer.so"),
				    baker, NULL),
		     0);
}

Test(mesh_offer, is_found_on_whichever_node_it_is)
{
	struct program mill = { 0 }, house = { 0 };

	setenv("XDG_RUNTIME_DIR", make_folder(), 1);
	start(&house, "house", NULL);
	start(&mill, "mill", "baker");
	cr_expect_eq(program_finish(&house, PATIENCE_MS), 0, "%s", house.err);
	cr_expect_str_eq(house.out, "2 loaves from mill\n");
	kill(mill.pid, SIGTERM);
	cr_expect_eq(program_finish(&mill, PATIENCE_MS), 0, "%s", mill.err);
	program_fini(&house);
	program_fini(&mill);
	drop_folder();
}
