/* SPDX-License-Identifier: MIT */
#pragma once

/* The children of an actor, as troupe_children() lists them. */

#include <protobuf-c/protobuf-c.h>
#include "runtime/node/ref.h"

struct trp_request;
struct trp_supervisor;

/* A packed ChildList; ret_bytes->data is for free().  0, -ESRCH, -ENOMEM. */
int trp_supervision_list_make(struct trp_supervisor *supervisor, troupe_ref of,
			      ProtobufCBinaryData *ret_bytes);

/* A ListChildren, answered by a ChildList.  0, -ESRCH, -ENOMEM. */
int trp_supervision_list_handle(struct trp_request *request);
