/* SPDX-License-Identifier: MIT */
#pragma once

/* Shared by the tests of successions that stop after each instruction. */

#include <sys/types.h>

#include "tests/support/ipc_kit.h"
#include "tests/support/step.h"

enum { ANN = 1, BOB, EVE, ACTORS = EVE };

extern struct kit kit;
extern struct kit_actor actor[ACTORS + 1];

void succession_init(void);
void succession_fini(void);

void succession_begin(uint32_t slot);
void succession_succeed(uint32_t slot);
void succession_end(uint32_t slot);

/* Killed while the directory says that it lives; its mail may be unread. */
void succession_kill_and_reap(uint32_t slot, pid_t pid);
