/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A node as a service of systemd, or of another manager with its protocol
 * (troupe.service(7)): readiness, status, watchdog, reload, the stop.  Only
 * where NOTIFY_SOCKET is set.
 */

#include "runtime/supervisor/module.h"

extern const struct trp_module trp_service_module;
