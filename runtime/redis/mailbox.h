/* SPDX-License-Identifier: MIT */
#ifndef TRP_RUNTIME_MAILBOX_REDIS_H
#define TRP_RUNTIME_MAILBOX_REDIS_H

/* The functions of troupe_redis_kind; an actor has one such mailbox at most. */

#include "runtime/troupe_mailbox.h"

int trp_redis_mailbox_open(const struct troupe_mailbox *mailbox,
			   const char *actor, void **ret_box);
bool trp_redis_mailbox_has_room(void *data);
int trp_redis_mailbox_put(void *data, const struct troupe_mail *mail);
uint64_t trp_redis_mailbox_kept(void *data);
int trp_redis_mailbox_get(void *data, struct troupe_mail *ret_mail);
void trp_redis_mailbox_acknowledge(void *data, uint64_t number, int result);
uint64_t trp_redis_mailbox_size(void *data);
void trp_redis_mailbox_close(void *data);

#endif
