/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * `troupe doctor`: checks what this machine allows, a line each, with advice.
 * Returns 0, or 1: an application cannot run here.
 */
int trp_doctor(void);
