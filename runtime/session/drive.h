/* SPDX-License-Identifier: MIT */
#pragma once

/* The effects of time, of the bus and of the caller on a session. */

#include "runtime/session/session.h"

/*
 * 0, and the payload is sent, now or when a session is open; -EAGAIN: no room,
 * and room() will tell; -EMSGSIZE: more than the room; -ENOMEM.
 */
int trp_drive_push(struct trp_session *session, const void *payload,
		   size_t length, struct trp_time now);

/* down() is to tell of their end soon. */
void trp_drive_watch(struct trp_session *session, struct trp_time now);

/* Says BYE after all that was pushed; down(0) when it has arrived. */
void trp_drive_close(struct trp_session *session, struct trp_time now);

/* The bus says that nobody is there: any sign of life disproves it. */
void trp_drive_gone(struct trp_session *session, struct trp_time now);

/* The bus takes frames again, after it did not. */
void trp_drive_resume(struct trp_session *session, struct trp_time now);

/* The same, and it may have lost all that was under way. */
void trp_drive_relink(struct trp_session *session, struct trp_time now);

/* deliver() takes mail of theirs again. */
void trp_drive_accept(struct trp_session *session);

/* Does what is due. */
void trp_drive_tick(struct trp_session *session, struct trp_time now);
