/* SPDX-License-Identifier: MIT */
/* troupe_redis_kind, there also where hiredis was not. */
#ifdef HAVE_HIREDIS
#include "runtime/redis/mailbox.h"

const struct troupe_mailbox_kind troupe_redis_kind = {
	.name = "redis",
	.open = trp_mailbox_redis_open,
	.has_room = trp_mailbox_redis_has_room,
	.put = trp_mailbox_redis_put,
	.kept = trp_mailbox_redis_kept,
	.get = trp_mailbox_redis_get,
	.acknowledge = trp_mailbox_redis_acknowledge,
	.size = trp_mailbox_redis_size,
	.close = trp_mailbox_redis_close,
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
