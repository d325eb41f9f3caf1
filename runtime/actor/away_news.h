/* SPDX-License-Identifier: MIT */
#pragma once

/* The words of the mail actor, beside mail. */

#include "runtime/actor/mail.h"

/*
 * A record of TRP_AWAY.  To the mail actor itself all mail for other nodes
 * comes as one: it sets the function.
 */
void trp_away_news_take(const struct trp_mail *mail,
			const struct trp_envelope *envelope);
extern void (*trp_away_news_departs)(const struct trp_mail *mail,
				     const struct trp_envelope *envelope);
