/* SPDX-License-Identifier: MIT */
/* troupe_redis_kind without hiredis; otherwise it is in mailbox.c. */
#ifndef HAVE_HIREDIS
#include "runtime/troupe_mailbox.h"

#include <errno.h>

static int cannot_open(const struct troupe_mailbox *mailbox, const char *actor,
		       void **ret_box)
{
	troupe_log(TROUPE_FATAL, "this troupe was built without hiredis");
	return -ENOTSUP;
}

const struct troupe_mailbox_kind troupe_redis_kind = { .name = "redis",
						       .open = cannot_open };
#endif
