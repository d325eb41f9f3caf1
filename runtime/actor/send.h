/* SPDX-License-Identifier: MIT */
#pragma once

#include "runtime/actor/self.h"

/*
 * Mail, as troupe_send() has it: by the policies of memory and of a mailbox
 * that is full; what does not arrive is a dead letter.
 */
int trp_send_mail(troupe_ref to, struct trp_envelope *envelope,
		  const ProtobufCMessage *message,
		  const struct trp_extent *attachment);
