/* SPDX-License-Identifier: MIT */
#ifndef TRP_IPC_BUS_LOCAL_H
#define TRP_IPC_BUS_LOCAL_H

#include "ipc/bus/kinds.h"

extern const struct trp_bus_kind trp_bus_local;

#endif
