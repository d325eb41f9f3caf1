/* SPDX-License-Identifier: MIT */
#include "runtime/actor/work.h"

#include "ipc/hot.h"
#include "serialize/type.h"

static TRP_HOT uint64_t background; /* received, of types that do not count */

void trp_work_taken_of(uint64_t type)
{
	const ProtobufCMessageDescriptor *const *one =
		trp_self.klass->background;

	for (; *one; one++)
		background += trp_type_of(*one) == type;
}

uint64_t trp_work_done(void)
{
	return trp_status_read(&trp_self.status->received) - background;
}
