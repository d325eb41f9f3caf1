/* SPDX-License-Identifier: MIT */
#include "runtime/actor/memory_policy.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_SIZE = 4096, SHARE = 16, SENT_LEAST = 4096 };
static const int64_t look_every_ns = 100000000;
static const int64_t warn_every_ns = 1000000000;

static const struct trp_memory_policy_files machine = {
	.meminfo = "/proc/meminfo",
	.pressure = "/proc/pressure/memory",
	.groups = "/proc/self/cgroup",
	.root = "/sys/fs/cgroup",
};

/* ---- the facts ----------------------------------------------------------- */

/* The number after `before`, at the beginning of a line of that file. */
static bool read_number(const char *path, const char *before,
			uint64_t *ret_number)
{
	FILE *file = fopen(path, "re");
	char line[PATH_SIZE];
	bool is_found = false;

	if (!file)
		return false;
	while (!is_found && fgets(line, sizeof(line), file))
		is_found = strncmp(line, before, strlen(before)) == 0 &&
			   sscanf(line + strlen(before), "%" SCNu64,
				  ret_number) == 1;
	fclose(file);
	return is_found;
}

/* "some avg10=1.23 ..." */
static int32_t read_pressure(const char *path)
{
	FILE *file = fopen(path, "re");
	unsigned whole, part;
	int count;

	if (!file)
		return -1;
	count = fscanf(file, "some avg10=%u.%2u", &whole, &part);
	fclose(file);
	return count == 2 && whole <= 100 ? (int32_t)(whole * 100 + part) : -1;
}

/* memory.max is "max" where there is no limit, and absent at the root. */
static uint64_t headroom_of(const char *folder)
{
	char path[PATH_SIZE + 32];
	uint64_t limit, used;

	snprintf(path, sizeof(path), "%s/memory.max", folder);
	if (!read_number(path, "", &limit))
		return UINT64_MAX;
	snprintf(path, sizeof(path), "%s/memory.current", folder);
	if (!read_number(path, "", &used))
		return UINT64_MAX;
	return used < limit ? limit - used : 0;
}

/* "0::/path" is the group of version 2. */
static bool read_group(const struct trp_memory_policy_files *files,
		       char folder[PATH_SIZE])
{
	FILE *file = fopen(files->groups, "re");
	char line[PATH_SIZE];
	bool is_found = false;

	if (!file)
		return false;
	while (!is_found && fgets(line, sizeof(line), file))
		is_found = strncmp(line, "0::/", 4) == 0;
	fclose(file);
	if (!is_found)
		return false;
	line[strcspn(line, "\n")] = '\0';
	return snprintf(folder, PATH_SIZE, "%s%s", files->root, line + 3) <
	       PATH_SIZE;
}

static uint64_t read_headroom(const struct trp_memory_policy_files *files)
{
	size_t root = strlen(files->root);
	uint64_t least = UINT64_MAX, here;
	char folder[PATH_SIZE];
	char *slash;

	if (!read_group(files, folder))
		return UINT64_MAX;
	while (strlen(folder) > root) {
		here = headroom_of(folder);
		if (here < least)
			least = here;
		slash = strrchr(folder, '/');
		*slash = '\0';
	}
	here = headroom_of(folder); /* a container's own root may have one */
	return here < least ? here : least;
}

void trp_memory_policy_read(const struct trp_memory_policy_files *files,
			    struct troupe_memory *ret)
{
	uint64_t kib;

	ret->available = read_number(files->meminfo, "MemAvailable:", &kib) &&
					 kib <= UINT64_MAX / 1024
				 ? kib * 1024
				 : UINT64_MAX;
	ret->headroom = read_headroom(files);
	ret->pressure = read_pressure(files->pressure);
}

static void read_machine(struct troupe_memory *ret)
{
	int error = errno;

	trp_memory_policy_read(&machine, ret);
	errno = error;
}

/* ---- asking -------------------------------------------------------------- */

bool trp_memory_policy_has_policy;

static int (*policy)(const struct troupe_memory *memory);
static void (*read_facts)(struct troupe_memory *ret) = read_machine;

/* As they were looked up, how much was sent since, and when to look again. */
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
