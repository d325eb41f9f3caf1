/* SPDX-License-Identifier: MIT */
#pragma once

/* Handlers of questions that actors of other nodes ask the mail actor. */

#include "runtime/troupe.h"

int trp_mail_service_find(const struct troupe_message *message);
int trp_mail_service_address(const struct troupe_message *message);
int trp_mail_service_start(const struct troupe_message *message);

/* That actor of another node has ended; 0: all of that node, which is lost. */
void trp_mail_service_caller_ended(troupe_ref caller, uint32_t number);
/* child_stopped() of the mail actor. */
int trp_mail_service_child_stopped(const struct troupe_end *end);
