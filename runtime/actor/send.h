/* SPDX-License-Identifier: MIT */
#pragma once

#include "runtime/actor/self.h"

/*
 * Sends mail as troupe_send(), by the policies of memory and of full mailboxes;
 * undelivered mail is a dead letter.
 */
int trp_send_mail(troupe_ref to, struct trp_envelope *envelope,
		  const ProtobufCMessage *message,
		  const struct trp_extent *attachment);
