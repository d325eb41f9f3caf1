/* SPDX-License-Identifier: MIT */
#pragma once

/* Mail of other nodes, from payloads into the mailboxes of this one. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As deliver() of a session. */
bool trp_mail_inward_take(uint32_t number, const uint8_t *payload,
			  size_t length);
