/* SPDX-License-Identifier: MIT */
#pragma once

/* Names of actors: unique, each for one reference.  Pure. */

#include "runtime/node/ref.h"

struct trp_registered {
	struct trp_registered *next; /* in its bucket */
	struct trp_registered *next_of_holder;
	struct trp_registered **holder; /* the list that it is in */
	troupe_ref ref;
	char *offer; /* to other nodes: where to connect; or NULL */
	char name[TROUPE_NAME_SIZE];
};

struct trp_registry {
	struct trp_registered **bucket;
	uint32_t buckets; /* a power of two */
	uint32_t count;
};

/* 1 to 31 bytes of UTF-8, without '/' and control characters. */
bool trp_registry_is_valid(const char *name);

/* The same for a name among siblings: without ':' too, and not only dots. */
bool trp_registry_is_step(const char *name);

/* holder: the list of all names of `ref`.  0, -EEXIST, -EINVAL, -ENOMEM. */
int trp_registry_add(struct trp_registry *registry, const char *name,
		     troupe_ref ref, struct trp_registered **holder);
/* Offers it, or (where NULL) withdraws the offer.  0, -ENOENT, -ENOMEM. */
int trp_registry_offer(struct trp_registry *registry, const char *name,
		       const char *where);
/* Calls back for each offer. */
void trp_registry_each_offer(const struct trp_registry *registry,
			     void (*see)(void *user,
					 const struct trp_registered *name),
			     void *user);
/* 0 or -ENOENT. */
int trp_registry_remove(struct trp_registry *registry, const char *name);
/* 0: nobody. */
troupe_ref trp_registry_find(const struct trp_registry *registry,
			     const char *name);
/* Empties a holder's list. */
void trp_registry_remove_all(struct trp_registry *registry,
			     struct trp_registered **holder);
void trp_registry_fini(struct trp_registry *registry);
