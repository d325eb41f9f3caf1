/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The idle timeout of a class.  It is armed when the actor has run out of work
 * and is about to sleep, so that a message costs it nothing:
 *
 *	armed ==> `seen` messages had been received then
 */
void trp_idle_timeout_begin(void);
