/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Takes records off the lanes and tells them apart: answers complete calls,
 * control becomes exit notices and an order to stop, mail is dispatched.
 * Unreadable records are reported and dropped.
 */

#include "runtime/actor/self.h"
#include "runtime/node/system.pb-c.h"

/* One record of `take`: enum trp_step; negative: a handler ends the actor. */
int trp_take(unsigned take);
/* The same, of incarnations up to `last` of one sender alone. */
int trp_take_from(uint32_t slot, uint32_t last);
/* The same of any sender; older mail than the class allows is dropped. */
int trp_take_young(void);

/* An order that actors give each other; to close, by one sent at that time. */
int trp_take_order(const struct trp_mail *mail,
		   const struct trp_envelope *envelope);
void trp_take_close(int64_t created);

/* Reports from before a request was answered: answers overtake them. */
void trp_take_reports(void);

/* Gets what the supervisor tells of groups; NULL: nobody follows one. */
extern void (*trp_take_groups)(const Troupe__Control__GroupChanged *changed);

/* Bytes that one sender may have unread, by the class. */
uint32_t trp_take_limit(const struct troupe_class *klass);
