/* SPDX-License-Identifier: MIT */
#pragma once

#include "ipc/bus/kinds.h"

extern const struct trp_bus_kind trp_bus_nats;
