/* SPDX-License-Identifier: MIT */
/* Singletons, and the offers of nodes. */
#include "tests/runtime/mesh/kit.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/troupe_restart.h"

static const char *local_url(void)
{
	static char url[64];

	snprintf(url, sizeof(url), "local:%s/mesh", make_folder());
	return url;
}

static void begin(int count, int (*root)(int argc, char **argv))
{
	int i;

	mesh_prepare(count, local_url());
	for (i = 0; i < count; i++) {
		nodes[i].root = root;
		mesh_start(i);
	}
}

static void end(void)
{
	mesh_end();
	drop_folder();
}

/* ---- the guarded log ---------------------------------------------------- */

static int guarding_root(int argc, char **argv)
{
	static const struct troupe_class other = { .name = "other" };

	CHECK(troupe_fence() == 0 && troupe_term() == 0);
	CHECK(troupe_singleton("guardian", &guardian, NULL) == 0);
	CHECK(troupe_singleton("guardian", &guardian, NULL) == 0);
	CHECK(troupe_singleton("guardian", &other, NULL) == -EEXIST);
	CHECK(troupe_singleton("a/b", &other, NULL) == -EINVAL);
	CHECK(troupe_singleton_end("nothing") == -ENOENT);
	return mesh_root(argc, argv);
}

static bool is_one_running(void)
{
	int i, there = 0, running = 0;

	for (i = 0; i < node_count; i++) {
		there += nodes[i].pid != 0;
		running += nodes[i].pid && board->seen[i].running;
	}
	return running == 1 && is_one_leading() &&
	       board->seen[leading()].running &&
	       board->seen[leading()].offering == 1;
}

static bool is_another_running(void)
{
	return board->log.count >= 2 && is_one_running();
}

Test(singleton, runs_on_one_node_and_when_that_is_killed_on_another)
{
	int first;

	begin(3, guarding_root);
	mesh_await(is_settled, "they have met");
	mesh_await(is_one_running, "one runs the guardian");
	first = leading();
	mesh_kill(first);
	board->seen[first].running = 0;
	board->log.count = 1;	/* before they met more than one */
	board->log.refused = 0; /* may have had it */
	mesh_await(is_another_running, "another one runs it");
	cr_assert(leading() != first);
	mesh_start(first);
	mesh_await(is_settled, "it is back");
	mesh_await(is_one_running, "one runs it still");
	cr_assert(board->log.refused == 0, "%d stale appends",
		  board->log.refused);
	end();
}

/* The test plays the one that has the greatest fence. */
static bool is_refused(void)
{
	return board->log.refused > 0;
}

Test(singleton, who_brings_a_smaller_fence_is_refused)
{
	begin(1, guarding_root);
	mesh_await(is_one_running, "it runs");
	board->log.fence = UINT64_MAX;
	mesh_await(is_refused, "it is refused");
	end();
}

/* ---- its end and its tree ----------------------------------------------- */

static bool has_tree(void)
{
	return board->grown >= 2;
}

/* Ignores every order to stop. */
static int leaf_run(const void *arguments)
{
	CHECK(troupe_fence() == board->fence_of_crown);
	board->leaf[1] = getpid();
	board->grown++;
	mesh_changed();
	for (;;)
		pause();
	return 0;
}

static int middle_run(const void *arguments)
{
	troupe_ref ref;
	/* The leaf may have reported that before its parent knows. */
	CHECK(troupe_spawn_function(leaf_run, NULL, &ref) == 0);
	board->leaf[0] = getpid();
	board->grown++;
	mesh_changed();
	for (;;)
		pause();
	return 0;
}

static int crown_init(const void *arguments)
{
	troupe_ref ref;

	/* In place: the first tree's root is killed once. */
	CHECK((int)troupe_incarnation() == board->seen[this_node].starts++);
	board->fence_of_crown = troupe_fence();
	CHECK(troupe_fence() != 0);
	return troupe_spawn_function(middle_run, NULL, &ref);
}

static const struct troupe_class crown = { .name = "crown",
					   .init = crown_init };

static int crowned_root(int argc, char **argv)
{
	CHECK(troupe_singleton("guardian", &crown, NULL) == 0);
	return mesh_root(argc, argv);
}

static bool is_tree_gone(void)
{
	int i;

	/* Those of a dead node have come to us. */
	for (i = 0; i < 2; i++)
		waitpid(board->leaf[i], NULL, WNOHANG);
	return kill(board->leaf[0], 0) < 0 && kill(board->leaf[1], 0) < 0;
}

static troupe_ref the_guardian(void)
{
	troupe_ref ref = 0;

	CHECK(troupe_whereis("guardian", &ref) == 0);
	return ref;
}

static bool wants_end;

static int ending_root(int argc, char **argv)
{
	struct troupe_message message;

	CHECK(troupe_singleton("guardian", &crown, NULL) == 0);
	while (!has_tree())
		if (troupe_receive(NULL, 0, troupe_in_ms(20), &message) ==
		    -ECANCELED)
			return -ECANCELED;
	if (wants_end)
		CHECK(troupe_singleton_end("guardian") == 0);
	else
		CHECK(troupe_kill(the_guardian()) == 0);
	return mesh_root(argc, argv);
}

Test(singleton, all_of_a_tree_that_will_not_stop_is_killed_in_time)
{
	wants_end = true;
	begin(1, ending_root);
	mesh_await(has_tree, "it has grown");
	mesh_await(is_tree_gone, "it is cut down");
	cr_assert(board->seen[0].starts == 1);
	end();
}

static bool has_second_tree(void)
{
	return board->seen[0].starts == 2 && board->grown == 4;
}

Test(singleton, one_that_dies_takes_its_tree_along_and_is_started_again)
{
	begin(1, ending_root);
	mesh_await(has_tree, "it has grown");
	mesh_await(has_second_tree, "it is there again");
	end();
}

static bool is_leading(void)
{
	return board->seen[0].is_leading;
}

Test(singleton, the_end_of_the_node_is_the_end_of_its_tree)
{
	begin(1, crowned_root);
	mesh_await(is_leading, "it leads");
	mesh_await(has_tree, "it has grown");
	mesh_kill(0);
	mesh_await(is_tree_gone, "nothing is left");
	end();
}

/* Declared first, so it would be there when the other one is. */
static int repenting_root(int argc, char **argv)
{
	static const struct troupe_class forgotten = { .name = "forgotten" };
	struct troupe_message message;
	troupe_ref ref;

	CHECK(troupe_singleton("forgotten", &forgotten, NULL) == 0);
	CHECK(troupe_singleton("guardian", &guardian, NULL) == 0);
	CHECK(troupe_singleton_end("forgotten") == 0);
	while (troupe_whereis("guardian", &ref) == -ENOENT)
		if (troupe_receive(NULL, 0, troupe_in_ms(20), &message) ==
		    -ECANCELED)
			return -ECANCELED;
	CHECK(troupe_whereis("forgotten", &ref) == -ENOENT);
	return mesh_root(argc, argv);
}

static bool has_looked(void)
{
	return board->seen[0].running && board->seen[0].is_up;
}

Test(singleton, one_that_was_ended_before_its_node_leads_is_not_started)
{
	begin(1, repenting_root);
	mesh_await(has_looked, "the other one runs");
	end();
}

/* ---- offers ------------------------------------------------------------- */

static int offering_root(int argc, char **argv)
{
	char where[32];
	char tab[] = "a\tb";

	CHECK(troupe_mesh_offer("shop", NULL) == -ENOENT);
	CHECK(troupe_register("shop", troupe_self()) == 0);
	CHECK(troupe_mesh_offer("shop", tab) == -EINVAL);
	snprintf(where, sizeof(where), "tcp:/%d", this_node);
	CHECK(troupe_mesh_offer("shop", where) == 0);
	if (this_node == 1) {
		CHECK(troupe_mesh_withdraw("shop") == 0);
		CHECK(troupe_unregister("shop") == 0);
	}
	return mesh_root(argc, argv);
}

static int looking_root(int argc, char **argv)
{
	struct troupe_mesh_view *view;
	struct troupe_message message;
	bool is_found = false;

	while (!is_found) {
		if (troupe_receive(NULL, 0, troupe_in_ms(20), &message) ==
		    -ECANCELED)
			return -ECANCELED;
		CHECK(troupe_mesh_find("shop", &view) == 0);
		/* An offer of n1 from its start may be heard until its next. */
		is_found = view->count == 1 &&
			   strcmp(view->node[0].name, "n0") == 0;
		if (is_found) {
			CHECK(!view->node[0].is_self);
			CHECK(view->node[0].incarnation > 0);
			CHECK(view->node[0].actors >= 2);
			CHECK(view->node[0].offer_count == 1);
			CHECK(strcmp(view->node[0].offer[0].where, "tcp:/0") ==
			      0);
		}
		troupe_mesh_view_free(view);
	}
	return mesh_root(argc, argv);
}

Test(offer, is_found_from_another_node_while_it_stands)
{
	mesh_prepare(3, local_url());
	nodes[0].root = nodes[1].root = offering_root;
	nodes[2].root = looking_root;
	mesh_start(0);
	mesh_start(1);
	mesh_start(2);
	mesh_await(is_settled, "they have met, and it was found");
	end();
}

/* ---- without a mesh ----------------------------------------------------- */

static int lone_root(int argc, char **argv)
{
	struct troupe_mesh_view *view;

	CHECK(troupe_mesh_subscribe() == -ENOTCONN);
	CHECK(troupe_mesh_look(&view) == -ENOTCONN);
	CHECK(troupe_mesh_find("x", &view) == -ENOTCONN);
	CHECK(troupe_mesh_find("", &view) == -EINVAL);
	CHECK(troupe_mesh_offer("x", "") == -ENOTCONN);
	CHECK(troupe_singleton("x", &guardian, NULL) == -ENOTCONN);
	board->seen[0].is_up = true;
	mesh_changed();
	return 0;
}

static bool is_done(void)
{
	return board->seen[0].is_up;
}

Test(singleton, without_a_mesh_everything_says_so)
{
	make_folder();
	mesh_prepare(1, "");
	nodes[0].root = lone_root;
	mesh_start(0);
	mesh_await(is_done, "it has asked");
	end();
}
