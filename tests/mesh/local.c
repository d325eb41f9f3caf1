/* SPDX-License-Identifier: MIT */
/* Three nodes on the local bus: they elect, die, are doubled and hear rubbish.
 */
#include "tests/mesh/kit.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *local_url(void)
{
	static char url[64];

	snprintf(url, sizeof(url), "local:%s/mesh", make_folder());
	return url;
}

static bool is_it_elsewhere(void)
{
	return board->seen[1].its && board->seen[2].its &&
	       board->seen[1].live == 2 && board->seen[2].live == 2;
}

Test(local, three_elect_one_is_killed_and_the_others_go_on)
{
	mesh_begin(3, local_url());
	mesh_await(is_settled, "each was it, and sees the others");
	mesh_kill(0);
	mesh_mark();
	mesh_await(is_it_elsewhere, "the others go on, and miss it");
	mesh_start(0);
	mesh_await(is_settled, "it comes back");
	mesh_end();
	drop_folder();
}
