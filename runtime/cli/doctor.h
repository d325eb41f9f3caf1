/* SPDX-License-Identifier: MIT */
#ifndef TRP_RUNTIME_CLI_DOCTOR_H
#define TRP_RUNTIME_CLI_DOCTOR_H

/*
 * `troupe doctor`: what this machine allows, a line each, and what to do where
 * it is too little.  Returns 0, or 1 when an application cannot run here.
 */
int trp_doctor(void);

#endif
