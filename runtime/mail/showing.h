/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The actors of this node, shown to another node that asks, where --allow-ps
 * lets it.  A child of the mail actor looks as `troupe ps` does (runtime/look),
 * answers, and ends; so mail does not wait for it.
 */

#include "runtime/troupe.h"

/* Handler of troupe.service.Show. */
int trp_mail_showing_show(const struct troupe_message *message);
/* An actor that the mail actor has spawned has ended. */
void trp_mail_showing_ended(const struct troupe_end *end);
