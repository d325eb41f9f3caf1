/* SPDX-License-Identifier: MIT */
#pragma once

#include "runtime/node/system.pb-c.h"
#include "runtime/troupe.h"

/*
 * Fills in `spawn`, with its birth; spawn->birth->arguments.data is for free().
 * 0, -EINVAL, -EMSGSIZE, -ENOMEM.
 */
int trp_actor_spawn_describe(const struct troupe_class *klass,
			     const ProtobufCMessage *arguments,
			     Troupe__Control__Spawn *spawn);
