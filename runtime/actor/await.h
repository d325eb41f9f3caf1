/* SPDX-License-Identifier: MIT */
#pragma once

/* For others that wait for an answer: ends of targets that are reported
 * meanwhile are no callbacks, so they are told at once, each after its answer.
 */
void trp_await_take_ends(void);
