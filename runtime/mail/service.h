/* SPDX-License-Identifier: MIT */
#pragma once

/* Handlers of questions that actors of other nodes ask the mail actor. */

#include "runtime/troupe.h"

int trp_mail_service_find(const struct troupe_message *message);
