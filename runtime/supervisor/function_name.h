/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The name of a function of the application, also of a static one: from the
 * symbols of its file, which the supervisor reads when the function is spawned
 * first.  So neither the zygote nor an actor carries a table of them.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "runtime/troupe_types.h"

/*
 * The function of process `pid` at that address; cut to fit.  False: it is not
 * known, as in a stripped file.
 */
bool trp_function_name(pid_t pid, uint64_t address,
		       char ret_name[TROUPE_NAME_SIZE]);
