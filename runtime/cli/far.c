/* SPDX-License-Identifier: MIT */
#include "runtime/cli/far.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/time.h"
#include "runtime/cli/application.h"
#include "runtime/mesh/node_api.h"
#include "runtime/troupe_guest.h"

enum { PATIENCE_MS = 10000 };

/* It comes from another node, and is believed as far as it fits. */
static int take_actor(const Troupe__Service__Seen *seen, int64_t now,
		      struct trp_look_actor *actor)
{
	*actor = (struct trp_look_actor) {
		.told = troupe__guest__actor__unpack(NULL, seen->told.len,
						     seen->told.data),
		.state = seen->state < TRP_LOOK_STATES
				 ? (enum trp_look_state)seen->state
				 : TRP_LOOK_RUNNING,
		.has_process = seen->has_process,
		.process = { .age_ms = seen->age_ms,
			     .cpu_ms = seen->cpu_ms,
			     .rss = seen->rss },
		.unread = { .messages = seen->unread,
			    .bytes = seen->unread_bytes },
		.put_aside = seen->put_aside,
		.limit = seen->limit,
	};
	if (!actor->told)
		return -EBADMSG;
	if (seen->oldest_ms >= 0 && seen->oldest_ms < now / 1000000)
		actor->unread.oldest = now - seen->oldest_ms * 1000000;
	if (seen->age_ms > 0)
		actor->cpu = 100. * (double)seen->cpu_ms / (double)seen->age_ms;
	return 0;
}

static int take(const Troupe__Service__Shown *shown, const char *node,
		struct trp_look *look)
{
	int r = 0;

	look->node = troupe__guest__node__unpack(NULL, shown->node.len,
						 shown->node.data);
	look->actor = calloc(shown->n_actor + 1, sizeof(*look->actor));
	if (!look->node || !look->actor)
		return look->node ? -ENOMEM : -EBADMSG;
	snprintf(look->client.node, sizeof(look->client.node), "%s", node);
	look->is_far = true;
	look->at = trp_time_now().ns;
	for (size_t i = 0; r == 0 && i < shown->n_actor; i++) {
		r = take_actor(shown->actor[i], look->at,
			       &look->actor[look->count]);
		look->count += r == 0;
	}
	return r;
}

static const char *describe(int r)
{
	switch (-r) {
	case EACCES:
		return "it does not let other nodes look: start it with "
		       "--allow-ps, or look on its machine";
	case EBUSY:
		return "it is being looked at by others; try again";
	case EMSGSIZE:
		return "it has too many actors for one answer; look on its "
		       "machine";
	case EBADMSG:
		return "its answer cannot be understood";
	case ETIMEDOUT:
		return "it does not answer; see `troupe nodes`";
	default:
		return trp_application_error(r);
	}
}

int trp_far_look(struct trp_look *look, const char *node)
{
	const struct troupe_class guest = { .name = "troupe ps" };
	const Troupe__Service__Shown *shown;
	char why[TROUPE_TEXT_SIZE];
	int r;

	*look = (struct trp_look) { .client.fd = -1 };
	r = troupe_join(NULL, &guest, why);
	if (r < 0) {
		snprintf(look->client.why, sizeof(look->client.why),
			 "no node called %s is running here; for one of "
			 "another machine: %s",
			 node, why);
		return r;
	}
	r = trp_mesh_node_api_look(node, troupe_in_ms(PATIENCE_MS), &shown);
	if (r == 0)
		r = take(shown, node, look);
	troupe_leave();
	if (r == 0)
		return 0;
	trp_look_close(look);
	if (r == -EHOSTUNREACH || r == -ENOTCONN)
		snprintf(look->client.why, sizeof(look->client.why),
			 "no node called %s is running here, nor is there "
			 "one in the mesh; see `troupe nodes`",
			 node);
	else
		snprintf(look->client.why, sizeof(look->client.why),
			 "node %s of the mesh: %s", node, describe(r));
	return r;
}
