/* SPDX-License-Identifier: MIT */
#include "runtime/actor/memory_policy.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include "ipc/hot.h"
#include "ipc/memory_budget.h"

enum { SHARE = 16, SENT_LEAST = 4096 };
static const int64_t look_every_ns = 100000000;
static const int64_t warn_every_ns = 1000000000;

/* ---- the figures --------------------------------------------------------- */

/* "some avg10=1.23 ..." */
static int32_t read_pressure(const char *proc)
{
	unsigned whole, part;
	char path[PATH_MAX];
	FILE *file;
	int count;

	snprintf(path, sizeof(path), "%s/pressure/memory", proc);
	file = fopen(path, "re");
	if (!file)
		return -1;
	count = fscanf(file, "some avg10=%u.%2u", &whole, &part);
	fclose(file);
	return count == 2 && whole <= 100 ? (int32_t)(whole * 100 + part) : -1;
}

void trp_memory_policy_read(const char *proc, const char *cgroup,
			    struct troupe_memory *ret)
{
	struct trp_memory_room room = trp_memory_budget_room(proc, cgroup);

	ret->available = room.machine.left;
	ret->headroom = room.group.left;
	ret->pressure = read_pressure(proc);
}

static void read_machine(struct troupe_memory *ret)
{
	int error = errno;

	trp_memory_policy_read("/proc", "/sys/fs/cgroup", ret);
	errno = error;
}

/* ---- the policy ---------------------------------------------------------- */

TRP_HOT bool trp_memory_policy_has_policy;

static int (*policy)(const struct troupe_memory *memory);
static void (*read_facts)(struct troupe_memory *ret) = read_machine;

/* As last read, the bytes sent since, and when to read again. */
static struct troupe_memory facts;
static uint64_t sent;
static int64_t look_at_ns;
static int64_t warn_at_ns;

void troupe_memory_policy(int (*wish)(const struct troupe_memory *memory))
{
	policy = wish;
	trp_memory_policy_has_policy = wish != NULL;
	look_at_ns = 0;
}

void trp_memory_policy_look_at(void (*read)(struct troupe_memory *ret))
{
	read_facts = read ? read : read_machine;
	look_at_ns = 0;
}

static uint64_t free_then(void)
{
	return facts.available < facts.headroom ? facts.available
						: facts.headroom;
}

static void look(int64_t now_ns)
{
	/* Not for each send, however little is free. */
	if (now_ns < look_at_ns &&
	    (sent < free_then() / SHARE || sent < SENT_LEAST))
		return;
	read_facts(&facts);
	sent = 0;
	look_at_ns = now_ns + look_every_ns;
}

static uint64_t less(uint64_t bytes)
{
	if (bytes == UINT64_MAX)
		return bytes;
	return bytes > sent ? bytes - sent : 0;
}

static void warn(const struct troupe_memory *memory, int64_t now_ns)
{
	if (now_ns < warn_at_ns)
		return;
	warn_at_ns = now_ns + warn_every_ns;
	troupe_log(TROUPE_WARNING,
		   "memory is short: %" PRIu64 " bytes wanted, %" PRIu64
		   " available, %" PRIu64 " left in the control group",
		   memory->wanted, memory->available, memory->headroom);
}

int trp_memory_policy_ask(troupe_ref to, uint64_t wanted, int64_t now_ns)
{
	struct troupe_memory memory;
	int r;

	look(now_ns);
	memory = facts;
	memory.wanted = wanted;
	memory.to = to;
	memory.available = less(facts.available);
	memory.headroom = less(facts.headroom);
	r = policy(&memory);
	if (r < 0)
		return r;
	if (r == TROUPE_WARN)
		warn(&memory, now_ns);
	sent += wanted;
	return 0;
}
