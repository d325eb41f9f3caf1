/* SPDX-License-Identifier: MIT */
#ifndef TRP_SERIALIZE_BEACON_MSGPACK_H
#define TRP_SERIALIZE_BEACON_MSGPACK_H

#include "serialize/beacon/codec.h"

extern const struct trp_codec trp_msgpack;

#endif
