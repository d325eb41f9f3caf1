/* SPDX-License-Identifier: MIT */
/*
 * Three nodes, each in a network namespace of its own, on a broker in a fourth
 * one, which is the test's.  One is cut off, and joined again.
 */
#include "tests/runtime/mesh/kit.h"
#include "tests/support/netns.h"

#include <signal.h>
#include <stdio.h>

#ifdef HAVE_LIBMOSQUITTO
enum { PORT = 1884 };

static int guarding_root(int argc, char **argv)
{
	CHECK(troupe_singleton("guardian", &guardian, NULL) == 0);
	return mesh_root(argc, argv);
}

static bool is_whole(void)
{
	return is_settled() && is_one_leading() &&
	       board->seen[leading()].running;
}

static int count_leading(void)
{
	int i, count = 0;

	for (i = 0; i < node_count; i++)
		count += board->seen[i].is_leading && board->seen[i].running;
	return count;
}

static bool has_each_side_its_own(void)
{
	return count_leading() == 2;
}

static bool is_stale_one_refused(void)
{
	return board->log.refused > 0;
}

static int new_holder(int old)
{
	int i;

	for (i = 0; i < node_count; i++)
		if (i != old && board->seen[i].is_leading)
			return i;
	return -1;
}

static int cut_off;

/* Its side alone, and the other two. */
static bool is_it_on_both_sides(void)
{
	int i, others = 0;

	for (i = 0; i < node_count; i++)
		others += i != cut_off && board->seen[i].its;
	return others > 0 && board->seen[cut_off].its > 0;
}

Test(namespaces, one_that_is_cut_off_is_stale_and_comes_back_as_one_of_all)
{
	pid_t broker;
	uint64_t fence;
	char url[64], more[64];
	int i, holder;

	need_program("mosquitto");
	netns_make_hub();
	snprintf(url, sizeof(url), "mqtt://" NETNS_HUB ":%d/test/mesh", PORT);
	snprintf(more, sizeof(more),
		 "listener %d " NETNS_HUB "\nallow_anonymous true\n", PORT);
	broker = start_mosquitto(make_folder(), 1885, more);
	mesh_prepare(3, url);
	for (i = 0; i < 3; i++) {
		nodes[i].before = netns_move_out;
		nodes[i].root = guarding_root;
		mesh_start(i);
	}
	mesh_await(is_whole, "three are one");

	cut_off = leading();
	fence = board->seen[cut_off].fence;
	netns_cut_off(cut_off);
	mesh_mark();
	mesh_await(is_it_on_both_sides, "a node is it on each side");
	mesh_await(has_each_side_its_own, "each side has its singleton");
	holder = new_holder(cut_off);
	cr_assert(holder >= 0);
	cr_assert(board->seen[holder].fence > fence);
	mesh_await(is_stale_one_refused, "the stale one is refused");

	netns_join(cut_off);
	mesh_mark();
	mesh_await(is_whole, "three are one again");
	cr_assert(board->seen[leading()].fence >= board->seen[holder].fence);
	cr_assert(board->seen[leading()].fence > fence);
	stop_server(broker, SIGTERM);
	mesh_end();
	drop_folder();
}
#endif
