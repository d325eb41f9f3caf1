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

static int keep(struct keeper *keeper)
{
	Troupe__Control__Birth birth = TROUPE__CONTROL__BIRTH__INIT;
	Troupe__Control__Spawn spawn = TROUPE__CONTROL__SPAWN__INIT;
	int r;

	birth.klass = (uintptr_t)&trp_mail_actor;
	birth.label = (char *)trp_mail_actor.name;
	spawn.birth = &birth;
	spawn.grace_ms = trp_mail_actor.grace_ms;
	spawn.mailbox_limit = trp_mail_actor.mailbox_limit;
	r = trp_restart_init(&keeper->actor, keeper->supervisor, &spawn);
	if (r < 0)
		return r;
	keeper->actor.is_always = true;
	trp_restart_want(&keeper->actor, 0);
	return 0;
}

static int open_mail(struct trp_supervisor *supervisor,
		     const struct trp_options *options, void **ret_state)
{
	struct trp_bus_address address;
	struct keeper *keeper;
	int r;

	if (!options->mesh.bus[0])
		return 0;
	r = trp_bus_address_parse(options->mesh.bus, options->mesh.name,
				  &address);
	if (r < 0 || !address.kind->mail)
		return r;
	keeper = calloc(1, sizeof(*keeper));
	if (!keeper)
		return -ENOMEM;
	keeper->supervisor = supervisor;
	*ret_state = keeper;
	return keep(keeper);
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
