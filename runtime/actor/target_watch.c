/* SPDX-License-Identifier: MIT */
#include "runtime/actor/target_watch.h"

#include <stdlib.h>
#include "runtime/actor/away_watch.h"
#include "runtime/actor/post.h"
#include "runtime/node/system.pb-c.h"
#include "runtime/node/watch.h"

static struct watched {
	struct watched *next;
	troupe_ref target;
} * watched;
static struct trp_target_listener *listeners;

void trp_target_watch(troupe_ref target)
{
	Troupe__Control__Watch request = TROUPE__CONTROL__WATCH__INIT;
	struct trp_envelope envelope = trp_actor_post_envelope(TRP_CONTROL);
	struct watched *entry;

	for (entry = watched; entry; entry = entry->next)
		if (entry->target == target)
			return;
	entry = malloc(sizeof(*entry));
	if (!entry)
		return; /* a deadline will end the expectation */
	*entry = (struct watched) { watched, target };
	watched = entry;
	request.ref = target;
	request.id = trp_watch_id(TRP_WATCH_TARGET, trp_self_id());
	if (trp_ref_is_elsewhere(target)) {
		trp_away_watch_add(target, request.id, 0);
		return;
	}
	/* No correlation: no call waits for the answer. */
	trp_actor_post(TRP_REF_SUPERVISOR, TRP_MAIL, &envelope, &request.base,
		       NULL);
}

static void forget(troupe_ref target)
{
	struct watched **link = &watched;
	struct watched *entry;

	for (; (entry = *link); link = &entry->next) {
		if (entry->target != target)
			continue;
		*link = entry->next;
		free(entry);
		return;
	}
}

void trp_target_watch_listen(struct trp_target_listener *listener)
{
	struct trp_target_listener **link = &listeners;

	if (listener->is_listening)
		return;
	listener->is_listening = true;
	while (*link && !listener->is_first)
		link = &(*link)->next;
	listener->next = *link;
	*link = listener;
}

void trp_target_watch_ended(const struct troupe_end *end, uint64_t taken)
{
	if (!end->will_restart)
		forget(end->ref);
	for (struct trp_target_listener *one = listeners; one; one = one->next)
		one->ended(end, taken);
}

void trp_target_watch_leave(void)
{
	while (watched)
		forget(watched->target);
}
