/* SPDX-License-Identifier: MIT */
#include "tests/support/ipc_kit.h"
#include "ipc/mailbox_receive.h"
#include "ipc/succession.h"
#include "ipc/wake_socket.h"

#include <dirent.h>
#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static unsigned count_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned n = 0;

	assert(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static bool is_mapped(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	bool is_found = false;
	char line[512];

	assert(maps);
	while (fgets(line, sizeof(line), maps))
		is_found = is_found || strstr(line, "memfd:troupe");
	fclose(maps);
	return is_found;
}

void kit_init(struct kit *kit, uint32_t slots, uint64_t heap_size)
{
	unsigned descriptors = count_descriptors();
	int r;

	*kit = (struct kit) { .descriptors = descriptors };
	r = trp_arena_create(&kit->fresh, slots, heap_size);
	assert(r == 0);
	kit_actor_init(kit, &kit->self, TRP_SLOT_SUPERVISOR, 0);
}

void kit_fini(struct kit *kit)
{
	kit_actor_fini(&kit->self);
	trp_arena_fini(&kit->fresh);
	/* An invalid front may claim a sleep on a socket: one was opened. */
	trp_wake_socket_fini();
	assert(count_descriptors() == kit->descriptors);
	assert(!is_mapped());
}

static _Atomic uint64_t *life_of(struct kit *kit, uint32_t slot)
{
	return &trp_arena_slot(&kit->self.arena, slot)->life;
}

uint32_t kit_generation(struct kit *kit, uint32_t slot)
{
	return trp_life_generation(*life_of(kit, slot));
}

void kit_set_state(struct kit *kit, uint32_t slot, enum trp_state state)
{
	*life_of(kit, slot) =
		trp_life(kit_generation(kit, slot),
			 trp_life_incarnation(*life_of(kit, slot)), state);
}

/* Its number differs from that of the slot, so that no test mixes them up. */
static uint32_t free_region(struct kit *kit, uint32_t slot)
{
	const struct trp_arena *arena = &kit->self.arena;
	uint32_t region = slot ? arena->regions - slot : 0;

	while (trp_load_relaxed(&trp_arena_holder(arena, region)->whose))
		region--;
	return region;
}

static void release(struct kit *kit, uint32_t region)
{
	struct trp_arena *arena = &kit->self.arena;
	uint64_t bytes;
	int r = 0;

	trp_arena_release(arena, region);
	if (!trp_arena_clean(arena, region, &bytes))
		r = trp_arena_give_back(arena, region, 1);
	assert(r == 0);
}

uint32_t kit_give(struct kit *kit, uint32_t slot)
{
	uint32_t generation = kit_generation(kit, slot) + 1, region;

	while (slot && (region = trp_succession_left(&kit->self.arena, slot)) !=
			       TRP_NO_REGION)
		release(kit, region);
	trp_arena_assign(&kit->self.arena, free_region(kit, slot), slot,
			 generation, 0);
	*life_of(kit, slot) = trp_life(generation, 0, TRP_LIVE);
	return generation;
}

void kit_succeed(struct kit *kit, uint32_t slot)
{
	uint32_t generation = kit_generation(kit, slot);
	uint32_t incarnation = trp_life_incarnation(*life_of(kit, slot)) + 1;
	uint32_t passed;

	trp_arena_assign(&kit->self.arena, free_region(kit, slot), slot,
			 generation, incarnation);
	passed = trp_succession_passed(&kit->self.arena, slot);
	trp_store_release(life_of(kit, slot),
			  trp_life(generation, incarnation, TRP_LIVE));
	if (passed != TRP_NO_REGION)
		release(kit, passed);
	trp_arena_check(&kit->self.arena);
}

unsigned kit_sweep(struct kit *kit, uint32_t slot)
{
	unsigned released = 0;
	uint32_t region;

	while ((region = trp_succession_spent(&kit->self.box, slot)) !=
	       TRP_NO_REGION) {
		release(kit, region);
		released++;
	}
	return released;
}

uint32_t kit_region(const struct kit *kit, uint32_t slot)
{
	return trp_arena_region(&kit->fresh, slot);
}

void kit_free_slot(struct kit *kit, uint32_t slot)
{
	uint64_t before = kit_usage(&kit->self.arena);
	uint32_t region;

	kit_set_state(kit, slot, TRP_FREE);
	trp_doorbell_clear(trp_arena_doorbell(&kit->self.arena, slot));
	trp_store_relaxed(&trp_arena_promises(&kit->self.arena)->pages[slot],
			  0);
	while ((region = trp_succession_left(&kit->self.arena, slot)) !=
	       TRP_NO_REGION)
		release(kit, region);
	if (kit_usage(&kit->self.arena) < before)
		trp_arena_give_back_doorbells(&kit->self.arena, slot, 1);
}

static void enter(struct kit *kit, struct kit_actor *actor, uint32_t slot)
{
	int r;

	*actor = (struct kit_actor) { .arena = kit->fresh, .slot = slot };
	if (kit->is_entered) {
		actor->arena.entered = kit_region(kit, slot);
		actor->arena.fd = -1;
	} else {
		actor->arena.fd = dup(kit->fresh.fd);
		r = trp_arena_enter(&actor->arena, kit_region(kit, slot));
		assert(r == 0);
	}
	if (slot == TRP_SLOT_SUPERVISOR)
		kit_give(kit, slot);
	actor->generation = kit_generation(kit, slot);
}

void kit_enter_all(struct kit *kit)
{
	for (uint32_t region = 1; region < kit->fresh.regions; region++) {
		struct trp_arena arena = kit->fresh;
		int r;

		arena.fd = dup(kit->fresh.fd);
		r = trp_arena_enter(&arena, region);
		assert(r == 0);
	}
	kit->is_entered = true;
}

void kit_actor_begin(struct kit_actor *actor, uint32_t limit)
{
	int r = trp_mailbox_init(&actor->box, &actor->arena, actor->slot,
				 actor->generation, limit);

	assert(r == 0);
	r = trp_succession_import(&actor->box);
	assert(r == 0);
	trp_succession_imported(&actor->box);
}

void kit_actor_init(struct kit *kit, struct kit_actor *actor, uint32_t slot,
		    uint32_t limit)
{
	enter(kit, actor, slot);
	kit_actor_begin(actor, limit);
}

void kit_begin_two(struct kit *kit, uint32_t slots, struct kit_actor *one,
		   struct kit_actor *two)
{
	kit_init(kit, slots, KIT_HEAP);
	kit_give(kit, 1);
	kit_give(kit, 2);
	kit_actor_init(kit, one, 1, 0);
	kit_actor_init(kit, two, 2, 0);
}

void kit_end_two(struct kit *kit, struct kit_actor *one, struct kit_actor *two)
{
	kit_actor_fini(two);
	kit_actor_fini(one);
	kit_fini(kit);
}

void kit_actor_fini(struct kit_actor *actor)
{
	trp_mailbox_fini(&actor->box);
	if (actor->arena.fd >= 0)
		close(actor->arena.fd);
}

/* The test's process forks, where a node has a zygote that owns no slot. */
static void leave_slot_0(struct kit *kit)
{
	struct trp_arena *arena = &kit->self.arena;

	mprotect(trp_arena_at(arena, 0, TRP_FRONT_SIZE, 1), arena->heap_size,
		 PROT_READ);
	mprotect(trp_arena_front(arena, 0), arena->promises - arena->fronts,
		 PROT_READ);
}

pid_t kit_fork_present(struct kit *kit, uint32_t slot,
		       int (*body)(struct kit_actor *actor, void *data),
		       void *data)
{
	struct kit_actor actor;
	pid_t pid = fork();
	int r;

	assert(pid >= 0);
	if (pid > 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	leave_slot_0(kit);
	enter(kit, &actor, slot);
	r = body(&actor, data);
	kit_actor_fini(&actor);
	_exit(r);
}

struct begun {
	int (*body)(struct kit_actor *actor, void *data);
	void *data;
	uint32_t limit;
};

static int begin_and_run(struct kit_actor *actor, void *data)
{
	const struct begun *begun = data;

	kit_actor_begin(actor, begun->limit);
	return begun->body(actor, begun->data);
}

pid_t kit_fork(struct kit *kit, uint32_t slot, uint32_t limit,
	       int (*body)(struct kit_actor *actor, void *data), void *data)
{
	struct begun begun = { body, data, limit };

	/* As the supervisor does, for senders that are earlier than its
	 * start. */
	atomic_store(&trp_arena_slot(&kit->self.arena, slot)->limit, limit);
	kit_give(kit, slot);
	return kit_fork_present(kit, slot, begin_and_run, &begun);
}

int kit_reap(struct kit *kit, uint32_t slot, pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		abort();
	kit_set_state(kit, slot, TRP_DEAD);
	return status;
}

uint64_t kit_usage(const struct trp_arena *arena)
{
	struct stat st;

	if (fstat(arena->fd, &st) < 0)
		abort();
	return (uint64_t)st.st_blocks * 512;
}

int kit_send(struct kit_actor *from, uint32_t slot, uint32_t generation,
	     enum trp_stream stream, const void *bytes, uint32_t size)
{
	void *at;
	int r;

	r = trp_mailbox_reserve(&from->box, slot, generation, stream, size,
				NULL, &at);
	if (r < 0)
		return r;
	memcpy(at, bytes, size);
	trp_mailbox_commit(&from->box, size);
	return 0;
}

int kit_send_number(struct kit_actor *from, uint32_t slot, uint32_t generation,
		    uint64_t number)
{
	return kit_send(from, slot, generation, TRP_MAIL, &number,
			sizeof(number));
}

bool kit_sleep(struct kit_actor *actor)
{
	struct timespec patience = { .tv_sec = 20 };
	struct trp_doorbell *doorbell = actor->box.doorbell;
	struct trp_front *front = actor->box.front;
	uint32_t word = trp_doorbell_arm(doorbell);
	long r = 0;

	atomic_store(&front->sleeping, TRP_ASLEEP_FUTEX);
	atomic_thread_fence(memory_order_seq_cst);
	if (!trp_doorbell_is_set(doorbell))
		r = syscall(SYS_futex, &doorbell->word, FUTEX_WAIT, word,
			    &patience);
	atomic_store(&front->sleeping, TRP_AWAKE);
	return r == 0 || errno != ETIMEDOUT;
}

int kit_receive(struct kit_actor *actor, unsigned take, struct trp_mail *mail)
{
	int r;

	for (;;) {
		r = trp_mailbox_receive(&actor->box, take, mail);
		if (r)
			return r;
		if (trp_mailbox_receive_is_empty(&actor->box, take) &&
		    !kit_sleep(actor))
			return -ETIMEDOUT;
	}
}

uint64_t kit_number(const struct trp_mail *mail)
{
	uint64_t number;

	assert(mail->size == sizeof(number));
	memcpy(&number, mail->bytes, sizeof(number));
	return number;
}

uint64_t kit_seed(const char *test)
{
	const char *given = getenv("TEST_SEED");
	struct timespec now;
	uint64_t seed;

	clock_gettime(CLOCK_MONOTONIC, &now);
	seed = given ? strtoull(given, NULL, 0)
		     : (uint64_t)now.tv_sec << 30 | (uint64_t)now.tv_nsec;
	fprintf(stderr, "TEST_SEED=%llu test-ipc --filter=%s\n",
		(unsigned long long)seed, test);
	return seed;
}

/* splitmix64 */
uint64_t kit_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}
