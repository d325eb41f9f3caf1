/* SPDX-License-Identifier: MIT */
#include "runtime/node/wake_failure.h"

#include <errno.h>
#include <string.h>
#include "ipc/hot.h"
#include "ipc/wake_socket.h"
#include "runtime/node/status.h"

static TRP_HOT _Atomic uint64_t *failures;

static void count(uint32_t slot, int error)
{
	trp_status_count(failures);
	if (trp_status_read(failures) > 1)
		return;
	troupe_log(TROUPE_WARNING,
		   "cannot wake the actor in slot %u (%s): it sees its mail up "
		   "to 30 s late; `troupe doctor` tells why wakes go by socket "
		   "here, `troupe ps --json` counts such failures",
		   slot,
		   error == -ECONNREFUSED
			   ? "its socket is in another network namespace"
			   : strerror(-error));
}

void trp_wake_failure_begin(_Atomic uint64_t *counter)
{
	failures = counter;
	trp_wake_socket_on_failure(count);
}
