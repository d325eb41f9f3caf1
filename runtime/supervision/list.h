/* SPDX-License-Identifier: MIT */
#pragma once

/* The children of an actor, as troupe_children() lists them. */

struct trp_request;

/* A ListChildren, answered by a ChildList.  0, -ESRCH, -ENOMEM. */
int trp_supervision_list_handle(struct trp_request *request);
