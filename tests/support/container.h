/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * From now on this process, and what it starts, may do what the seccomp filter
 * of a container allows (Docker's default, without any capability): neither
 * io_uring nor namespaces, and clone3() is not there.  Negative errno: it is
 * not possible here.
 */
int container_enter(void);
