/* SPDX-License-Identifier: MIT */
#include "runtime/supervisor/registry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool trp_name_is_valid(const char *name)
{
	size_t size = strlen(name);
	size_t i;

	if (size == 0 || size >= TROUPE_NAME_SIZE)
		return false;
	for (i = 0; i < size; i++)
		if ((unsigned char)name[i] < ' ' || name[i] == '/' ||
		    name[i] == 127)
			return false;
	return true;
}

bool trp_name_is_step(const char *name)
{
	return trp_name_is_valid(name) && !strchr(name, ':') &&
	       name[strspn(name, ".")];
}

/* FNV-1a */
static uint32_t hash(const char *name)
{
	uint32_t value = 2166136261u;

	for (; *name; name++)
		value = (value ^ (unsigned char)*name) * 16777619u;
	return value;
}

static struct trp_name **find(const struct trp_names *names, const char *name)
{
	struct trp_name **link =
		&names->bucket[hash(name) & (names->buckets - 1)];

	while (*link && strcmp((*link)->name, name) != 0)
		link = &(*link)->next;
	return link;
}

static int grow(struct trp_names *names)
{
	struct trp_names grown = { .buckets = names->buckets * 2 };
	struct trp_name *entry, **link;
	uint32_t i;

	if (names->buckets > names->count)
		return 0;
	if (!grown.buckets)
		grown.buckets = 64;
	grown.bucket = calloc(grown.buckets, sizeof(*grown.bucket));
	if (!grown.bucket)
		return -ENOMEM;
	grown.count = names->count;
	for (i = 0; i < names->buckets; i++) {
		while ((entry = names->bucket[i])) {
			names->bucket[i] = entry->next;
			link = find(&grown, entry->name);
			entry->next = NULL;
			*link = entry;
		}
	}
	free(names->bucket);
	*names = grown;
	return 0;
}

int trp_names_add(struct trp_names *names, const char *name, troupe_ref ref,
		  struct trp_name **holder)
{
	struct trp_name *entry, **link;
	int r;

	if (!trp_name_is_valid(name))
		return -EINVAL;
	r = grow(names);
	if (r < 0)
		return r;
	link = find(names, name);
	if (*link)
		return -EEXIST;
	entry = calloc(1, sizeof(*entry));
	if (!entry)
		return -ENOMEM;
	strcpy(entry->name, name);
	entry->ref = ref;
	entry->holder = holder;
	entry->next_of_holder = *holder;
	*holder = entry;
	*link = entry;
	names->count++;
	return 0;
}

static void remove_at(struct trp_names *names, struct trp_name **link)
{
	struct trp_name *entry = *link;
	struct trp_name **of_holder = entry->holder;

	*link = entry->next;
	while (*of_holder != entry)
		of_holder = &(*of_holder)->next_of_holder;
	*of_holder = entry->next_of_holder;
	names->count--;
	free(entry->offer);
	free(entry);
}

int trp_names_remove(struct trp_names *names, const char *name)
{
	struct trp_name **link;

	if (!names->count)
		return -ENOENT;
	link = find(names, name);
	if (!*link)
		return -ENOENT;
	remove_at(names, link);
	return 0;
}

troupe_ref trp_names_find(const struct trp_names *names, const char *name)
{
	struct trp_name *entry = names->count ? *find(names, name) : NULL;

	return entry ? entry->ref : 0;
}

int trp_names_offer(struct trp_names *names, const char *name,
		    const char *where)
{
	struct trp_name *entry = names->count ? *find(names, name) : NULL;
	char *offer = NULL;

	if (!entry)
		return -ENOENT;
	if (where) {
		offer = strdup(where);
		if (!offer)
			return -ENOMEM;
	}
	free(entry->offer);
	entry->offer = offer;
	return 0;
}

void trp_names_each_offer(const struct trp_names *names,
			  void (*see)(void *user, const struct trp_name *name),
			  void *user)
{
	const struct trp_name *entry;
	uint32_t i;

	for (i = 0; i < names->buckets; i++)
		for (entry = names->bucket[i]; entry; entry = entry->next)
			if (entry->offer)
				see(user, entry);
}

void trp_names_remove_all(struct trp_names *names, struct trp_name **holder)
{
	while (*holder)
		remove_at(names, find(names, (*holder)->name));
}

void trp_names_fini(struct trp_names *names)
{
	uint32_t i;

	for (i = 0; i < names->buckets; i++)
		while (names->bucket[i])
			remove_at(names, &names->bucket[i]);
	free(names->bucket);
	*names = (struct trp_names) { 0 };
}
