/* SPDX-License-Identifier: MIT */
#include "tests/ipc/succession_kit.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "ipc/mailbox_unread.h"

struct kit kit;
struct kit_actor actor[ACTORS + 1];

void succession_init(void)
{
	kit_init(&kit, 32, KIT_HEAP);
	kit_give(&kit, BOB);
}

void succession_fini(void)
{
	kit_fini(&kit);
}

void succession_begin(uint32_t slot)
{
	kit_give(&kit, slot);
	kit_actor_init(&kit, &actor[slot], slot, 0);
}

void succession_succeed(uint32_t slot)
{
	kit_actor_fini(&actor[slot]);
	kit_succeed(&kit, slot);
	kit_actor_init(&kit, &actor[slot], slot, 0);
}

void succession_end(uint32_t slot)
{
	kit_actor_fini(&actor[slot]);
	kit_set_state(&kit, slot, TRP_DEAD);
	kit_free_slot(&kit, slot);
}

void succession_kill_and_reap(uint32_t slot, pid_t pid)
{
	kill(pid, SIGKILL);
	if (waitpid(pid, NULL, 0) != pid)
		abort();
	trp_mailbox_unread_ring(&kit.self.box, slot);
}
