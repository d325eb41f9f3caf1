/* SPDX-License-Identifier: MIT */
#include "runtime/mail/post.h"

struct trp_mail_post trp_mail_post;

struct trp_mail_peer *trp_mail_post_peer(uint32_t number)
{
	return trp_mail_peers_make(&trp_mail_post.peers, number);
}

void trp_mail_post_soon(void)
{
	if (trp_mail_post.is_dirty)
		return;
	trp_mail_post.is_dirty = true;
	trp_mail_post.put_off = 0;
	troupe_timer_start(&trp_mail_post.flush, TROUPE_POLL, 0);
}
