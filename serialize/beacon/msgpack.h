/* SPDX-License-Identifier: MIT */
#pragma once

#include "serialize/beacon/codec.h"

extern const struct trp_codec trp_msgpack;
