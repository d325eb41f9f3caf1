/* SPDX-License-Identifier: MIT */
/* Faults of actors under test, which obey an order (actor/fault.h). */
#include <errno.h>
#include <string.h>
#include "runtime/actor/post.h"
#include "runtime/node/system.pb-c.h"
#include "runtime/test/failure.h"
#include "runtime/test/link.h"
#include "runtime/test/node.h"
#include "runtime/test/told.h"
#include "runtime/troupe_test.h"

static int inject(troupe_ref ref, const Troupe__Control__Fault *fault)
{
	struct trp_envelope envelope = trp_actor_post_envelope(TRP_CONTROL);
	char text[TRP_TOLD_SIZE];
	int r = trp_actor_post(ref, TRP_MAIL, &envelope, &fault->base, NULL);

	if (r < 0)
		trp_failure_tell("cannot inject a fault into %s: %s",
				 trp_told_actor(ref, text), strerror(-r));
	return r;
}

int(troupe_test_kill_at_next)(troupe_ref ref)
{
	Troupe__Control__Fault fault = TROUPE__CONTROL__FAULT__INIT;

	fault.is_death = true;
	return inject(ref, &fault);
}

int(troupe_test_refuse_room)(troupe_ref sender, troupe_ref to, uint32_t sends)
{
	Troupe__Control__Fault fault = TROUPE__CONTROL__FAULT__INIT;

	fault.to = to;
	fault.refusals = sends;
	return inject(sender, &fault);
}

int(troupe_test_lose_link)(int64_t ms)
{
	if (trp_test_node_has_other()) {
		trp_link_lose(ms);
		return 0;
	}
	trp_failure_tell("there is no link: begin with the option other_node");
	return -ENOTCONN;
}
