/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Asks the supervisor and waits for its answer; no callback runs meanwhile.
 * system.proto has the requests and their answers.
 */

#include "runtime/node/system.pb-c.h"
#include "runtime/troupe.h"

/* 0 or the supervisor's answer; ret_ref may be NULL. */
int trp_actor_request(const ProtobufCMessage *request, troupe_ref *ret_ref);

/* The same for one that is answered late: -ECANCELED as soon as this actor is
 * to stop; a later answer is ignored. */
int trp_actor_request_late(const ProtobufCMessage *request,
			   troupe_ref *ret_ref);

/* The same for an answer with a message or text; ret_more is for free(). */
int trp_actor_request_more(const ProtobufCMessage *request,
			   ProtobufCBinaryData *ret_more);
