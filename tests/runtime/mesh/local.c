/* SPDX-License-Identifier: MIT */
/* Three nodes on the local bus: they elect, die, are doubled and get garbage.
 */
#include "tests/runtime/mesh/kit.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ipc/bus/bus.h"

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

/* ---- the bus actor and what it is sent ---------------------------------- */

static pid_t bus_of(int number)
{
	char path[64], name[32];
	FILE *list;
	int pid, found = 0;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children",
		 (int)nodes[number].pid, (int)nodes[number].pid);
	list = fopen(path, "r");
	cr_assert(list);
	while (!found && fscanf(list, "%d", &pid) == 1) {
		FILE *comm;

		snprintf(path, sizeof(path), "/proc/%d/comm", pid);
		comm = fopen(path, "r");
		if (!comm)
			continue;
		if (fgets(name, sizeof(name), comm) &&
		    strcmp(name, "mesh-bus\n") == 0)
			found = pid;
		fclose(comm);
	}
	fclose(list);
	return found;
}

static bool is_down_and_up(void)
{
	return board->seen[0].downs == 1 && board->seen[0].is_up;
}

Test(local, a_bus_actor_that_is_killed_is_started_again)
{
	pid_t bus;

	mesh_begin(2, local_url());
	mesh_await(is_settled, "both were it");
	bus = bus_of(0);
	cr_assert(bus > 0 && kill(bus, SIGKILL) == 0);
	mesh_await(is_down_and_up, "the bus was down, and is up");
	cr_assert(bus_of(0) != bus);
	mesh_mark();
	mesh_await(has_gone_round, "both go on");
	mesh_end();
	drop_folder();
}

static int said;

static void note_up(void *user, int error)
{
	said = error == 0;
}

static void hear_nothing(void *user, const void *payload, size_t length)
{
}

/* Garbage, some of it nearly right: no more than the sockets take. */
static void say_rubbish(struct trp_bus *bus)
{
	static unsigned seed = 1;
	char bytes[300];
	int i;

	for (i = 0; i < 8; i++) {
		memset(bytes, rand_r(&seed), sizeof(bytes));
		bytes[0] = (char)rand_r(&seed);
		bytes[rand_r(&seed) % 16] = (char)rand_r(&seed);
		trp_bus_send(bus, bytes, (size_t)rand_r(&seed) % sizeof(bytes));
	}
	/* Its own messages come back, and take space until they are read. */
	trp_bus_run(bus, (struct trp_time) { 1 });
}

static long heard[2];

static bool has_heard_more(void)
{
	return board->seen[0].malformed > heard[0] &&
	       board->seen[1].malformed > heard[1];
}

/* As another member of the bus. */
static struct trp_bus *open_bus(const char *url)
{
	static const struct trp_bus_calls calls = { .changed = note_up,
						    .deliver = hear_nothing };
	struct trp_bus_address address;
	struct trp_bus *bus;

	cr_assert(trp_bus_address_parse(url, "test", &address) == 0);
	cr_assert(trp_bus_open(&bus, &address, &calls, NULL) == 0);
	trp_bus_run(bus, (struct trp_time) { 1 });
	cr_assert(said);
	return bus;
}

Test(local, hundreds_of_messages_of_rubbish_kill_nobody)
{
	struct trp_bus *bus;
	pid_t actor[2];
	int i;

	mesh_begin(2, local_url());
	mesh_await(is_settled, "both were it");
	actor[0] = bus_of(0);
	actor[1] = bus_of(1);
	bus = open_bus(nodes[0].url);
	for (i = 0; i < 50; i++) {
		heard[0] = board->seen[0].malformed;
		heard[1] = board->seen[1].malformed;
		say_rubbish(bus);
		mesh_await(has_heard_more, "it was heard, and counted");
	}
	trp_bus_close(bus);
	mesh_mark();
	mesh_await(has_gone_round, "both go on");
	cr_assert(bus_of(0) == actor[0] && bus_of(1) == actor[1]);
	cr_assert(board->seen[0].downs == 0);
	mesh_end();
	drop_folder();
}

/* ---- settings ----------------------------------------------------------- */

static bool are_first_two_up(void)
{
	return board->seen[0].is_up && board->seen[1].is_up;
}

static bool are_settings_taken(void)
{
	return board->seen[0].version == 3 && board->seen[1].version == 3;
}

Test(local, settings_of_the_highest_version_are_taken_by_all)
{
	mesh_prepare(3, local_url());
	nodes[2].version = 3;
	mesh_start(0);
	mesh_start(1);
	mesh_await(are_first_two_up, "two listen to what is told");
	mesh_start(2);
	mesh_await(are_settings_taken, "the others have them, too");
	cr_assert(board->seen[2].version == 0, "its own are no news");
	mesh_end();
	drop_folder();
}

/* ---- names -------------------------------------------------------------- */

static bool is_first_it(void)
{
	return board->seen[0].its > 0;
}

static bool has_second_left(void)
{
	return board->seen[1].lost == 1;
}

static bool is_seen_to_have_left(void)
{
	return !board->seen[1].looks_up && board->seen[0].looks_up;
}

Test(local, of_two_nodes_with_one_name_the_newcomer_leaves_the_mesh_and_lives)
{
	mesh_prepare(2, local_url());
	strcpy(nodes[1].name, nodes[0].name);
	mesh_start(0);
	mesh_await(is_first_it, "the first has the mesh");
	mesh_start(1);
	mesh_await(has_second_left, "the newcomer has given up");
	mesh_mark();
	mesh_await(is_first_it, "the first one has the mesh");
	mesh_await(is_seen_to_have_left,
		   "it does not look as if all were well");
	cr_assert(board->seen[0].lost == 0);
	mesh_end();
	drop_folder();
}
