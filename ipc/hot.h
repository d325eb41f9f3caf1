/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Static data that every actor writes between its fork and its first sleep.
 * Each page that it writes becomes its own, so all of this lies in one
 * (runtime/hot.ld), and nothing large does.
 */
#define TRP_HOT __attribute__((section("trp_hot")))
