/* SPDX-License-Identifier: MIT */
#include "runtime/mesh/roster.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MS INT64_C(1000000)

void trp_mesh_roster_init(struct trp_mesh_roster *roster, int64_t outage_ns,
			  const struct trp_mesh_roster_calls *calls, void *user)
{
	*roster = (struct trp_mesh_roster) { .outage_ns = outage_ns,
					     .due = TRP_NEVER,
					     .calls = calls,
					     .user = user };
}

static void node_free(struct trp_mesh_roster_node *node)
{
	free(node->words);
	free(node);
}

void trp_mesh_roster_fini(struct trp_mesh_roster *roster)
{
	for (size_t i = 0; i < roster->count; i++)
		node_free(roster->at[i]);
	free(roster->at);
	roster->at = NULL;
	roster->count = roster->space = 0;
}

void trp_mesh_roster_check(const struct trp_mesh_roster *roster)
{
	const struct trp_mesh_roster_node *node;

	for (size_t i = 0; i < roster->count; i++) {
		node = roster->at[i];
		assert(!i || strcmp(roster->at[i - 1]->name, node->name) < 0);
		assert(roster->due.ns <= node->due.ns);
		assert(node->state != TRP_MESH_ROSTER_UP || node->run);
		assert(node->state != TRP_MESH_ROSTER_UNKNOWN ||
		       node->due.ns < TRP_NEVER.ns);
		assert(node->is_expected || node->state == TRP_MESH_ROSTER_UP);
	}
}

/* ---- the table ----------------------------------------------------------- */

/* The place of that name, or where it belongs. */
static size_t place_of(const struct trp_mesh_roster *roster, const char *name,
		       bool *ret_is_there)
{
	size_t low = 0, high = roster->count, middle;
	int order;

	*ret_is_there = false;
	while (low < high) {
		middle = low + (high - low) / 2;
		order = strcmp(roster->at[middle]->name, name);
		if (order == 0) {
			*ret_is_there = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct trp_mesh_roster_node *trp_mesh_roster_find(
	const struct trp_mesh_roster *roster, const char *name)
{
	bool is_there;
	size_t place = place_of(roster, name, &is_there);

	return is_there ? roster->at[place] : NULL;
}

static int grow(struct trp_mesh_roster *roster)
{
	size_t space = roster->space ? 2 * roster->space : 16;
	void *at;

	if (roster->count < roster->space)
		return 0;
	at = reallocarray(roster->at, space, sizeof(*roster->at));
	if (!at)
		return -ENOMEM;
	roster->at = at;
	roster->space = space;
	return 0;
}

/* The one of that name, perhaps a new one; NULL: no memory. */
static struct trp_mesh_roster_node *obtain(struct trp_mesh_roster *roster,
					   const char *name)
{
	struct trp_mesh_roster_node *node, **at;
	bool is_there;
	size_t place = place_of(roster, name, &is_there);

	if (is_there)
		return roster->at[place];
	node = calloc(1, sizeof(*node));
	if (!node || grow(roster) < 0) {
		free(node);
		return NULL;
	}
	strcpy(node->name, name);
	node->state = TRP_MESH_ROSTER_DOWN;
	node->due = TRP_NEVER;
	at = roster->at + place;
	memmove(at + 1, at, (roster->count - place) * sizeof(*at));
	*at = node;
	roster->count++;
	return node;
}

static void drop(struct trp_mesh_roster *roster,
		 struct trp_mesh_roster_node *node)
{
	bool is_there;
	size_t place = place_of(roster, node->name, &is_there);
	struct trp_mesh_roster_node **at = roster->at + place;

	assert(is_there);
	roster->count--;
	memmove(at, at + 1, (roster->count - place) * sizeof(*at));
	node_free(node);
}

/* ---- changes of one ------------------------------------------------------ */

static void set_due(struct trp_mesh_roster *roster,
		    struct trp_mesh_roster_node *node, int64_t due_ns)
{
	node->due.ns = due_ns;
	if (due_ns < roster->due.ns)
		roster->due.ns = due_ns;
}

static void be_down(struct trp_mesh_roster *roster,
		    struct trp_mesh_roster_node *node)
{
	node->state = TRP_MESH_ROSTER_DOWN;
	node->due = TRP_NEVER;
	roster->calls->down(roster->user, node);
	if (!node->is_expected)
		drop(roster, node);
}

int trp_mesh_roster_expect(struct trp_mesh_roster *roster, const char *name,
			   struct trp_time now)
{
	struct trp_mesh_roster_node *node = obtain(roster, name);

	if (!node)
		return -ENOMEM;
	node->is_expected = true;
	if (node->state == TRP_MESH_ROSTER_DOWN && !node->run) {
		node->state = TRP_MESH_ROSTER_UNKNOWN;
		set_due(roster, node, now.ns + TRP_MESH_ROSTER_SETTLE_MS * MS);
	}
	TRP_CHECK(trp_mesh_roster_check(roster));
	return 0;
}

void trp_mesh_roster_forget(struct trp_mesh_roster *roster, const char *name)
{
	struct trp_mesh_roster_node *node = trp_mesh_roster_find(roster, name);

	if (!node)
		return;
	node->is_expected = false;
	if (node->state != TRP_MESH_ROSTER_UP)
		drop(roster, node);
}

static int keep_words(struct trp_mesh_roster_node *node,
		      const struct trp_presence_heard *heard)
{
	uint8_t *words = malloc(heard->length + 1);

	if (!words)
		return -ENOMEM;
	memcpy(words, heard->words, heard->length);
	free(node->words);
	node->words = words;
	node->length = heard->length;
	return 0;
}

int trp_mesh_roster_here(struct trp_mesh_roster *roster,
			 const struct trp_presence_heard *heard)
{
	struct trp_mesh_roster_node *node =
		trp_mesh_roster_find(roster, heard->node);
	bool is_same;

	if (!node && roster->count >= TRP_MESH_ROSTER_MAX)
		return -ENOBUFS;
	if (!node)
		node = obtain(roster, heard->node);
	if (!node)
		return -ENOMEM;
	is_same =
		node->state == TRP_MESH_ROSTER_UP && node->run == heard->number;
	if (keep_words(node, heard) < 0) {
		if (!node->is_expected && node->state == TRP_MESH_ROSTER_DOWN)
			drop(roster, node);
		return -ENOMEM;
	}
	if (node->state == TRP_MESH_ROSTER_UP && !is_same)
		roster->calls->down(roster->user, node);
	node->state = TRP_MESH_ROSTER_UP;
	node->run = heard->number;
	node->due = TRP_NEVER;
	if (!is_same)
		roster->calls->up(roster->user, node);
	TRP_CHECK(trp_mesh_roster_check(roster));
	return 0;
}

/* An older run of that name may end late. */
void trp_mesh_roster_gone(struct trp_mesh_roster *roster, const char *name,
			  uint32_t run)
{
	struct trp_mesh_roster_node *node = trp_mesh_roster_find(roster, name);

	if (node && node->state == TRP_MESH_ROSTER_UP && node->run == run)
		be_down(roster, node);
}

/* ---- of all -------------------------------------------------------------- */

void trp_mesh_roster_link(struct trp_mesh_roster *roster, bool is_linked,
			  struct trp_time now)
{
	int64_t up_ns =
		is_linked ? TRP_MESH_ROSTER_RETURN_MS * MS : roster->outage_ns;
	struct trp_mesh_roster_node *node;

	if (is_linked == roster->is_linked)
		return;
	roster->is_linked = is_linked;
	for (size_t i = 0; i < roster->count; i++) {
		node = roster->at[i];
		if (node->state == TRP_MESH_ROSTER_UP)
			set_due(roster, node, now.ns + up_ns);
		else if (node->state == TRP_MESH_ROSTER_UNKNOWN && is_linked)
			set_due(roster, node,
				now.ns + TRP_MESH_ROSTER_SETTLE_MS * MS);
	}
	TRP_CHECK(trp_mesh_roster_check(roster));
}

void trp_mesh_roster_sweep(struct trp_mesh_roster *roster)
{
	size_t kept = 0;

	for (size_t i = 0; i < roster->count; i++)
		if (roster->at[i]->is_expected)
			roster->at[kept++] = roster->at[i];
		else
			node_free(roster->at[i]);
	roster->count = kept;
}

void trp_mesh_roster_tick(struct trp_mesh_roster *roster, struct trp_time now)
{
	struct trp_mesh_roster_node *node;
	int64_t due_ns = TRP_NEVER.ns;

	/* Backwards, as be_down() may drop the node. */
	for (size_t i = roster->count; i-- > 0;) {
		node = roster->at[i];
		if (node->due.ns <= now.ns)
			be_down(roster, node);
		else if (node->due.ns < due_ns)
			due_ns = node->due.ns;
	}
	roster->due.ns = due_ns;
	TRP_CHECK(trp_mesh_roster_check(roster));
}
