/* SPDX-License-Identifier: MIT */
#include "runtime/supervisor/child_address.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "serialize/type.h"

/* //mesh-bus belongs to the supervisor, not to the application. */
static const char unknown[] = "?", cut[] = "...", own[] = "/";

static uint32_t *bucket_of(const struct trp_child_table *table, uint32_t parent,
			   const char *name, size_t size)
{
	uint64_t hash = trp_type_mix(0, &parent, sizeof(parent));

	hash = trp_type_mix(hash, name, size);
	/* The low bits depend little on the parent. */
	return &table->bucket[(hash ^ hash >> 32) & (table->buckets - 1)];
}

/* 0: none. */
static uint32_t find(const struct trp_child_table *table, uint32_t parent,
		     const char *name, size_t size)
{
	uint32_t slot = *bucket_of(table, parent, name, size);
	const struct trp_child *child;

	for (; slot; slot = child->next_in_bucket) {
		child = &table->child[slot];
		if (child->parent == parent && !child->name[size] &&
		    memcmp(child->name, name, size) == 0)
			break;
	}
	return slot;
}

/* A child that is listed, and no other, is found by its name. */
void trp_child_address_check(const struct trp_child_table *table)
{
	uint32_t listed = 0, found = 0, slot;

	for (uint32_t i = 0; i < table->buckets; i++)
		for (slot = table->bucket[i]; slot; found++) {
			assert(table->child[slot].is_listed);
			slot = table->child[slot].next_in_bucket;
		}
	for (slot = 1; slot < table->slots; slot++) {
		const struct trp_child *child = &table->child[slot];

		listed += child->is_listed;
		assert(!child->is_listed ||
		       find(table, child->parent, child->name,
			    strlen(child->name)) == slot);
		assert(!child->is_listed || trp_child_is_alive(child));
	}
	assert(found == listed);
}

int trp_child_address_list(struct trp_child_table *table, uint32_t slot,
			   const char *name)
{
	struct trp_child *child = &table->child[slot];
	size_t size = strlen(name);
	uint32_t *bucket;

	assert(!child->is_listed && size < sizeof(child->name));
	if (find(table, child->parent, name, size))
		return -EEXIST;
	memcpy(child->name, name, size + 1);
	bucket = bucket_of(table, child->parent, name, size);
	child->next_in_bucket = *bucket;
	*bucket = slot;
	child->is_listed = true;
	return 0;
}

void trp_child_address_list_freely(struct trp_child_table *table, uint32_t slot,
				   const char *label)
{
	enum { FOR_A_SLOT = sizeof(":31743") };
	char name[TROUPE_NAME_SIZE];
	size_t i;
	int r;

	snprintf(name, sizeof(name), "%s", label);
	for (i = 0; name[i]; i++)
		if (strchr("/:", name[i]))
			name[i] = '_';
	/* "." and ".." have another meaning, and the root has an empty name. */
	if (name[strspn(name, ".")] != '\0' &&
	    trp_child_address_list(table, slot, name) == 0)
		return;
	/* No other name has a colon, so this one is free. */
	i = strnlen(name, sizeof(name) - FOR_A_SLOT);
	snprintf(name + i, sizeof(name) - i, ":%u", slot);
	r = trp_child_address_list(table, slot, name);
	assert(r == 0);
}

void trp_child_address_unlist(struct trp_child_table *table, uint32_t slot)
{
	struct trp_child *child = &table->child[slot];
	uint32_t *link;

	if (!child->is_listed)
		return;
	link = bucket_of(table, child->parent, child->name,
			 strlen(child->name));
	for (; *link != slot; link = &table->child[*link].next_in_bucket)
		assert(*link);
	*link = child->next_in_bucket;
	child->is_listed = false;
}

/* ---- addresses ----------------------------------------------------------- */

static bool is_step(const char *part, size_t size, const char *step)
{
	return size == strlen(step) && memcmp(part, step, size) == 0;
}

/* From a live child to the next; 0: there is none. */
static uint32_t step(const struct trp_child_table *table, uint32_t from,
		     const char *part, size_t size)
{
	if (is_step(part, size, "."))
		return from;
	if (is_step(part, size, ".."))
		return table->child[from].parent;
	return find(table, from, part, size);
}

int trp_child_address_walk(const struct trp_child_table *table, uint32_t from,
			   const char *address, uint32_t *ret_slot)
{
	uint32_t slot = from;
	bool is_there = true;
	size_t size;

	if (strncmp(address, "//", 2) == 0) {
		slot = 0; /* the supervisor */
		address += 2;
	} else if (*address == '/') {
		slot = find(table, 0, "", 0);
		is_there = slot;
		address++;
		if (!*address) {
			*ret_slot = slot;
			return slot ? 0 : -ENOENT;
		}
	}
	for (;; address += size + 1) {
		size = strcspn(address, "/");
		if (size == 0 || size >= TROUPE_NAME_SIZE)
			return -EINVAL;
		/* An ill-formed address is refused even if no child matches. */
		if (is_there)
			slot = step(table, slot, address, size);
		is_there = slot;
		if (!address[size])
			break;
	}
	*ret_slot = slot;
	return slot ? 0 : -ENOENT;
}

/* From the leaf up, so it fills the buffer from its end. */
bool trp_child_address(const struct trp_child_table *table, uint32_t slot,
		       char *buffer, size_t size)
{
	const struct trp_child *child = &table->child[slot];
	size_t at = size - 1, length = 0;
	const char *head = "";
	bool is_listed = false;

	buffer[at] = '\0';
	for (; slot && child->name[0];
	     slot = child->parent, child = &table->child[slot]) {
		is_listed = child->is_listed;
		length = strlen(child->name) + 1;
		if (at < length + sizeof(cut)) {
			head = cut;
			break;
		}
		at -= length;
		buffer[at] = '/';
		memcpy(buffer + at + 1, child->name, length - 1);
	}
	if (!slot)
		head = is_listed ? own : unknown;
	else if (!child->name[0] && !child->is_listed)
		head = unknown;
	else if (!*head && !buffer[at])
		head = "/";
	length = strlen(head);
	memmove(buffer + length, buffer + at, size - at);
	memcpy(buffer, head, length);
	return head != cut;
}

const char *trp_child_address_title(const struct trp_child_table *table,
				    uint32_t slot, char title[TRP_TITLE_SIZE])
{
	if (table->child[slot].name[0])
		trp_child_address(table, slot, title, TRP_TITLE_SIZE);
	else
		snprintf(title, TRP_TITLE_SIZE, "%s", table->child[slot].label);
	return title;
}
