/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>

/* troupe types: the services and the messages of an application. */
int trp_cli_types(int argc, char **argv);
/* troupe ask WHOM, without a method: those that it has. */
int trp_cli_types_of(const char *node, const char *whom, bool is_json);
