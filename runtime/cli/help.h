/* SPDX-License-Identifier: MIT */
#pragma once

#include "runtime/cli/command.h"

/* The list of commands, and how to begin. */
void trp_help_list(void);
/* The usage and the options of one. */
void trp_help_on(const struct trp_command *command);
