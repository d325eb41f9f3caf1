/* SPDX-License-Identifier: MIT */
#pragma once

#include "ipc/wait_backend.h"

extern const struct trp_wait_backend trp_wait_epoll;
