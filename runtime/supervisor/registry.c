/* SPDX-License-Identifier: MIT */
#include "runtime/supervisor/registry.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "serialize/printable.h"
#include "serialize/type.h"

bool trp_registry_is_valid(const char *name)
{
	size_t size = strlen(name);

	return size > 0 && size < TROUPE_NAME_SIZE && !strchr(name, '/') &&
	       trp_printable_is(name);
}

bool trp_registry_is_step(const char *name)
{
	return trp_registry_is_valid(name) && !strchr(name, ':') &&
	       name[strspn(name, ".")];
}

static struct trp_registered **find(const struct trp_registry *registry,
				    const char *name)
{
	struct trp_registered **link =
		&registry->bucket[trp_type_id(name) & (registry->buckets - 1)];

	while (*link && strcmp((*link)->name, name) != 0)
		link = &(*link)->next;
	return link;
}

static int grow(struct trp_registry *registry)
{
	struct trp_registry grown = { .buckets = registry->buckets * 2 };
	struct trp_registered *entry, **link;

	if (registry->buckets > registry->count)
		return 0;
	if (!grown.buckets)
		grown.buckets = 64;
	grown.bucket = calloc(grown.buckets, sizeof(*grown.bucket));
	if (!grown.bucket)
		return -ENOMEM;
	grown.count = registry->count;
	assert((grown.buckets & (grown.buckets - 1)) == 0);
	for (uint32_t i = 0; i < registry->buckets; i++) {
		while ((entry = registry->bucket[i])) {
			registry->bucket[i] = entry->next;
			link = find(&grown, entry->name);
			entry->next = NULL;
			*link = entry;
		}
	}
	free(registry->bucket);
	*registry = grown;
	return 0;
}

int trp_registry_add(struct trp_registry *registry, const char *name,
		     troupe_ref ref, struct trp_registered **holder)
{
	struct trp_registered *entry, **link;
	int r;

	if (!trp_registry_is_valid(name))
		return -EINVAL;
	r = grow(registry);
	if (r < 0)
		return r;
	link = find(registry, name);
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
	registry->count++;
	return 0;
}

static void remove_at(struct trp_registry *registry,
		      struct trp_registered **link)
{
	struct trp_registered *entry = *link;
	struct trp_registered **of_holder = entry->holder;

	assert(registry->count > 0);
	*link = entry->next;
	for (; *of_holder != entry; of_holder = &(*of_holder)->next_of_holder)
		assert(*of_holder);
	*of_holder = entry->next_of_holder;
	registry->count--;
	free(entry->offer);
	free(entry);
}

int trp_registry_remove(struct trp_registry *registry, const char *name)
{
	struct trp_registered **link;

	if (!registry->count)
		return -ENOENT;
	link = find(registry, name);
	if (!*link)
		return -ENOENT;
	remove_at(registry, link);
	return 0;
}

troupe_ref trp_registry_find(const struct trp_registry *registry,
			     const char *name)
{
	struct trp_registered *entry =
		registry->count ? *find(registry, name) : NULL;

	return entry ? entry->ref : 0;
}

int trp_registry_offer(struct trp_registry *registry, const char *name,
		       const char *where)
{
	struct trp_registered *entry =
		registry->count ? *find(registry, name) : NULL;
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

void trp_registry_each_offer(const struct trp_registry *registry,
			     void (*see)(void *user,
					 const struct trp_registered *name),
			     void *user)
{
	const struct trp_registered *entry;

	for (uint32_t i = 0; i < registry->buckets; i++)
		for (entry = registry->bucket[i]; entry; entry = entry->next)
			if (entry->offer)
				see(user, entry);
}

void trp_registry_remove_all(struct trp_registry *registry,
			     struct trp_registered **holder)
{
	while (*holder) {
		assert((*holder)->holder == holder);
		remove_at(registry, find(registry, (*holder)->name));
	}
}

void trp_registry_fini(struct trp_registry *registry)
{
	for (uint32_t i = 0; i < registry->buckets; i++)
		while (registry->bucket[i])
			remove_at(registry, &registry->bucket[i]);
	assert(registry->count == 0);
	free(registry->bucket);
	*registry = (struct trp_registry) { 0 };
}
