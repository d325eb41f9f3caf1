/* SPDX-License-Identifier: MIT */
#pragma once

/* Which senders are refused, who waits for room, and who is told. */

#include "runtime/mail/post.h"

/* A word (node/choke.h): from now on, and no longer. */
void trp_mail_chokes_set(uint64_t word);
void trp_mail_chokes_clear(uint64_t word);

/* The session with that node has ended by that error. */
void trp_mail_chokes_lost(uint32_t number, int error);
/* One with that node has begun: it is reachable again. */
void trp_mail_chokes_found(uint32_t number);

/* Of a mail actor there: an actor of its node has no room, or room again. */
int trp_mail_chokes_on_choke(const struct troupe_message *message);
/* Of an actor here, which waits for room. */
int trp_mail_chokes_on_room(const struct troupe_message *message);

void trp_mail_chokes_begin(void);
