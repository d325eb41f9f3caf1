/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Watches across nodes, at both ends.  Where the watched actor is, the mail
 * actor monitors it for each watcher.  Where the watcher is, it monitors that
 * one, once, and tells the nodes in which it watches something when it ends.
 */

#include "runtime/mail/post.h"
#include "serialize/envelope.h"

/* Orders of other nodes; handlers of the mail actor. */
int trp_mail_watches_on_watch(const struct troupe_message *message);
int trp_mail_watches_on_unlink(const struct troupe_message *message);
int trp_mail_watches_on_stop(const struct troupe_message *message);
int trp_mail_watches_on_ended(const struct troupe_message *message);

/* An actor here sends such an order there, or has one started there. */
void trp_mail_watches_note(troupe_ref to, const struct trp_envelope *envelope);

/* As `down` of a class. */
int trp_mail_watches_down(const struct troupe_end *end);

/* The session with that node has ended: none of its watches is left. */
void trp_mail_watches_lost(uint32_t number);
