/* SPDX-License-Identifier: MIT */
#include "runtime/election/rotation.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *text_of(const struct trp_rotation *rotation)
{
	static char text[256];
	char *to = text;
	size_t i;

	*text = '\0';
	for (i = 0; i < rotation->count; i++)
		to += sprintf(to, "%s", rotation->at[i]->name);
	return text;
}

static void insert(struct trp_rotation *rotation, struct trp_peers *peers,
		   const char *name)
{
	struct trp_beacon_peer *peer;

	cr_assert(trp_peers_make(peers, name, &peer) == 0);
	cr_assert(trp_rotation_insert(rotation, peer) == 0);
	trp_rotation_check(rotation);
	trp_peers_check(peers);
}

Test(rotation, six_steps_of_the_protocol)
{
	static const char *const names[] = { "a", "b", "a", "c", "d", "c" };
	static const char *const lists[] = {
		"a", "ba", "ab", "cab", "dca", "cd"
	};
	struct trp_rotation rotation = { .bound = 3 };
	struct trp_peers peers;
	int i;

	trp_peers_init(&peers, 100);
	for (i = 0; i < 6; i++) {
		insert(&rotation, &peers, names[i]);
		cr_assert_str_eq(text_of(&rotation), lists[i]);
	}
	trp_rotation_fini(&rotation);
	trp_peers_fini(&peers);
}

/* A second implementation from the protocol's text, on a string of one-letter
 * names. */
static void model_insert(char *list, size_t bound, char name)
{
	char *found = strchr(list, name), rest[64];
	bool was_there = found, was_last = found && !found[1];
	size_t length = strlen(list);

	if (was_there) {
		strcpy(rest, found + 1);
		strcpy(found, rest);
	}
	if (bound && *list &&
	    ((was_there && !was_last) || (!was_there && length == bound)))
		list[strlen(list) - 1] = '\0';
	strcpy(rest, list);
	list[0] = name;
	strcpy(list + 1, rest);
}

Test(rotation, agrees_with_a_model_of_it)
{
	unsigned int random = 1, step, bound;
	struct trp_rotation rotation;
	struct trp_peers peers;
	char list[64], name[2] = "";

	for (bound = 0; bound < 8; bound++) {
		rotation = (struct trp_rotation) { .bound = bound };
		trp_peers_init(&peers, 100);
		*list = '\0';
		for (step = 0; step < 20000; step++) {
			name[0] = (char)('a' + rand_r(&random) % 9);
			insert(&rotation, &peers, name);
			model_insert(list, bound, *name);
			cr_assert_str_eq(text_of(&rotation), list,
					 "bound %u, step %u", bound, step);
		}
		trp_rotation_fini(&rotation);
		trp_peers_fini(&peers);
	}
}

Test(peers, a_full_table_lets_go_of_the_one_not_heard_for_longest)
{
	struct trp_scalar none = { .type = TRP_SCALAR_NONE };
	struct trp_beacon_peer *peer, *pinned;
	struct trp_peers peers;
	char name[16];
	int i;

	trp_peers_init(&peers, 10);
	cr_assert(trp_peers_make(&peers, "pinned", &pinned) == 0);
	pinned->pins++;
	for (i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "p%d", i);
		cr_assert(trp_peers_make(&peers, name, &peer) == 0);
		trp_peers_hear(&peers, peer, &none, (struct trp_time) { i });
	}
	cr_assert(peers.count == 10);
	cr_assert(peers.heard == 9);
	cr_assert(trp_peers_find(&peers, "pinned") == pinned);
	cr_assert(trp_peers_find(&peers, "p999"));
	cr_assert(trp_peers_find(&peers, "p991"));
	cr_assert(!trp_peers_find(&peers, "p990"));
	trp_peers_fini(&peers);
}
