/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Static data that every actor writes between its fork and its first sleep, or
 * looks at each time that it wakes.  Each page that it writes becomes its own,
 * and each that it looks at is missed by the TLB, so all of this lies in one
 * (runtime/hot.ld), and nothing large does.
 */
#define TRP_HOT __attribute__((section("trp_hot")))
