/* SPDX-License-Identifier: MIT */
/* How another actor is ended. */
#include <errno.h>
#include "runtime/actor/post.h"
#include "runtime/actor/request.h"

int troupe_stop(troupe_ref ref)
{
	Troupe__Control__Stop request = TROUPE__CONTROL__STOP__INIT;

	if (!ref)
		return -EINVAL;
	request.ref = ref;
	return trp_actor_request(&request.base, NULL);
}

int troupe_kill(troupe_ref ref)
{
	Troupe__Control__Kill request = TROUPE__CONTROL__KILL__INIT;

	if (!ref)
		return -EINVAL;
	request.ref = ref;
	return trp_actor_request(&request.base, NULL);
}

int troupe_close(troupe_ref ref)
{
	Troupe__Control__Close close = TROUPE__CONTROL__CLOSE__INIT;
	struct trp_envelope envelope = trp_actor_post_envelope(TRP_CONTROL);

	return trp_actor_post(ref, TRP_MAIL, &envelope, &close.base, NULL);
}
