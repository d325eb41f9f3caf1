/* SPDX-License-Identifier: MIT */
#pragma once

#include "serialize/beacon/codec.h"

/* The codecs that were built. */

/* By name ("cbor", "msgpack"); NULL if it is unknown or not built. */
const struct trp_codec *trp_codecs_find(const char *name);
