/* SPDX-License-Identifier: MIT */
#pragma once

/* The state of the mail actor, which its files share. */

#include "ipc/bus/bus.h"
#include "runtime/mail/peers.h"
#include "runtime/node/system.pb-c.h"
#include "runtime/session/sessions.h"
#include "runtime/troupe.h"
#include "runtime/troupe_dead_letters.h"

struct trp_mail_post {
	struct trp_bus *bus;
	struct trp_guard *guard;
	struct trp_sessions *sessions;
	struct trp_mail_peers peers;
	bool is_stale; /* there is something to settle */
	/* Mail that is not told to its session yet; fires when no more comes.
	 */
	struct troupe_timer flush;
	bool is_dirty;
	unsigned put_off;
	unsigned appended; /* since the last flush */
};
extern struct trp_mail_post trp_mail_post;

/* A peer to which something will happen; NULL: no memory. */
struct trp_mail_peer *trp_mail_post_peer(uint32_t number);

/* Mail for that node is appended: it will go out. */
void trp_mail_post_soon(void);

/* A callback; ends this actor where there are none. */
void trp_mail_post_random(void *user, void *bytes, size_t length);

/* News for an actor of this node; see runtime/actor/away_news.h. */
void trp_mail_post_tell(troupe_ref to, const ProtobufCMessage *news);

/* A dead letter of this actor, which counts. */
void trp_mail_post_dead(enum troupe_dead_cause cause, troupe_ref to,
			const struct trp_envelope *envelope, const void *body,
			size_t size);

/*
 * Why no answer will come, for the sender of a message that `from` was to get.
 * False: it awaits none.  The text of ret_failure is static.
 */
bool trp_mail_post_failure(const struct trp_envelope *asked, troupe_ref from,
			   int error, struct trp_envelope *ret_envelope,
			   Troupe__Control__Failure *ret_failure);
