/* SPDX-License-Identifier: MIT */
#ifndef TRP_SERIALIZE_BEACON_CBOR_H
#define TRP_SERIALIZE_BEACON_CBOR_H

#include "serialize/beacon/codec.h"

extern const struct trp_codec trp_cbor;

#endif
