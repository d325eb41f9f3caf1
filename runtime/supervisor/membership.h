/* SPDX-License-Identifier: MIT */
#pragma once

/* Requests of actors about groups, and what followers are told. */

#include <stdbool.h>
#include <stdint.h>

struct trp_request;
struct trp_supervisor;

/* A control.Group. */
int trp_membership_on_group(struct trp_request *request);

/* It has ended, or (is_restart) its next incarnation follows, which is a member
 * of the same groups and follows none. */
void trp_membership_ended(struct trp_supervisor *supervisor, uint32_t slot,
			  bool is_restart);
