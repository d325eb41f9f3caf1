/* SPDX-License-Identifier: MIT */
/* troupe_redis_kind, there also where hiredis was not. */
#ifdef HAVE_HIREDIS
#include "runtime/redis/mailbox.h"

const struct troupe_mailbox_kind troupe_redis_kind = {
	.name = "redis",
	.open = trp_redis_mailbox_open,
	.has_room = trp_redis_mailbox_has_room,
	.put = trp_redis_mailbox_put,
	.kept = trp_redis_mailbox_kept,
	.get = trp_redis_mailbox_get,
	.acknowledge = trp_redis_mailbox_acknowledge,
	.size = trp_redis_mailbox_size,
	.close = trp_redis_mailbox_close,
};
#else
#include <errno.h>
#include "runtime/troupe_mailbox.h"

static int cannot_open(const struct troupe_mailbox *mailbox, const char *actor,
		       void **ret_box)
{
	troupe_log(TROUPE_FATAL, "this troupe was built without hiredis");
	return -ENOTSUP;
}

const struct troupe_mailbox_kind troupe_redis_kind = { .name = "redis",
						       .open = cannot_open };
#endif
