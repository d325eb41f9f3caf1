/* SPDX-License-Identifier: MIT */
#include "runtime/mail/module.h"

#include <errno.h>
#include <stdlib.h>
#include "ipc/bus/address.h"
#include "ipc/bus/kinds.h"
#include "runtime/mail/actor.h"
#include "runtime/mail/mail.pb-c.h"
#include "runtime/node/status.h"
#include "runtime/supervisor/requests.h"
#include "runtime/supervisor/restart.h"
#include "runtime/supervisor/supervisor.h"

struct keeper {
	struct trp_supervisor *supervisor;
	struct trp_restart actor;
};

/* From now on all find it, and a successor keeps its reference. */
static int on_begun(struct trp_request *request)
{
	struct keeper *keeper = request->module;
	const struct trp_arena *arena = &keeper->supervisor->node.arena;

	if (request->sender != keeper->actor.ref)
		return -EPERM;
	trp_store_relaxed(&trp_arena_slot(arena, TRP_SLOT_SUPERVISOR)->note,
			  trp_ref_in_node(request->sender) << TRP_NOTE_MAIL);
	return 0;
}

int trp_mail_module_is_wanted(const struct trp_options *options)
{
	struct trp_bus_address address;
	int r;

	if (!options->mesh.bus[0])
		return 0;
	r = trp_bus_address_parse(options->mesh.bus, options->mesh.name,
				  &address);
	return r < 0 ? r : address.kind->mail != NULL;
}

static int open_mail(struct trp_supervisor *supervisor,
		     const struct trp_options *options, void **ret_state)
{
	int r = trp_mail_module_is_wanted(options);
	struct keeper *keeper;

	if (r <= 0)
		return r;
	keeper = calloc(1, sizeof(*keeper));
	if (!keeper)
		return -ENOMEM;
	keeper->supervisor = supervisor;
	*ret_state = keeper;
	return trp_restart_keep(&keeper->actor, supervisor, &trp_mail_actor);
}

static void close_mail(void *state)
{
	struct keeper *keeper = state;

	trp_restart_fini(&keeper->actor);
	free(keeper);
}

static const struct trp_request_kind requests[] = {
	{ &troupe__mail__begun__descriptor, .handle = on_begun },
	{ 0 },
};

const struct trp_module trp_mail_module = {
	.closed = "this node is in no mesh whose bus carries mail",
	.requests = requests,
	.open = open_mail,
	.close = close_mail,
};
