/* SPDX-License-Identifier: MIT */
#ifndef TRP_IPC_BUS_MQTT_H
#define TRP_IPC_BUS_MQTT_H

#include "ipc/bus/kinds.h"

extern const struct trp_bus_kind trp_bus_mqtt;

#endif
