/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * `troupe doctor`: what this machine allows, a line each, and what to do where
 * it is too little.  Returns 0, or 1 when an application cannot run here.
 */
int trp_doctor(void);
