/* SPDX-License-Identifier: MIT */
/* Processes that join a node: their abilities, and their leftovers. */
#include "tests/runtime/control/node.h"

#include <dirent.h>
#include <sched.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include "ipc/arena.h"
#include "runtime/control/control.pb-c.h"

TestSuite(guests, .init = node_begin, .fini = node_end, .timeout = 600);

static void start_guest(struct program *p, const char *part, ...)
	__attribute__((sentinel));

static void start_guest(struct program *p, const char *part, ...)
{
	char path[4096];
	const char *argv[8] = { path, part };
	size_t count = 2;
	va_list arguments;

	snprintf(path, sizeof(path), "%s",
		 program_built("tests/runtime/control/programs/guest"));
	va_start(arguments, part);
	while ((argv[count] = va_arg(arguments, const char *)))
		cr_assert_lt(++count, 8);
	va_end(arguments);
	*p = (struct program) { 0 };
	cr_assert_eq(program_start(p, argv), 0);
}

static void expect_words(struct program *p, const char *text)
{
	cr_assert_eq(program_await_output(p, text, PATIENCE_MS), 0,
		     "no \"%s\" in: %s%s", text, p->out, p->err);
}

static void expect_end(struct program *p, int status)
{
	int got = program_finish(p, PATIENCE_MS);

	cr_expect_eq(got, status, "%d: %s%s", got, p->out, p->err);
	program_fini(p);
}

static void kill_guest(struct program *p)
{
	kill(p->pid, SIGKILL);
	expect_end(p, 128 + SIGKILL);
}

/* The descriptors of the supervisor. */
struct holdings {
	unsigned descriptors;
	long long blocks; /* of the arena */
};

static struct holdings look(pid_t supervisor)
{
	struct holdings holdings = { 0 };
	struct dirent *entry;
	char path[64], name[4096 + 64], link[64];
	struct stat about;
	DIR *list;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)supervisor);
	list = opendir(path);
	cr_assert(list);
	while ((entry = readdir(list))) {
		ssize_t size;

		holdings.descriptors++;
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		size = readlink(name, link, sizeof(link) - 1);
		link[size < 0 ? 0 : size] = '\0';
		if (strstr(link, "memfd:troupe") && stat(name, &about) == 0)
			holdings.blocks = about.st_blocks;
	}
	closedir(list);
	return holdings;
}

/* As one visitor sees it, and by then all before it are gone. */
static struct holdings visit_and_look(pid_t supervisor)
{
	static struct trp_client visit;
	Troupe__Guest__Hello hello = TROUPE__GUEST__HELLO__INIT;
	struct holdings holdings;
	const ProtobufCMessage *item;

	cr_assert_eq(trp_client_open(&visit, "a"), 0, "%s", visit.why);
	cr_assert_eq(trp_client_get(&visit, &hello.base,
				    &troupe__guest__node__descriptor, &item),
		     0, "%s", visit.why);
	holdings = look(supervisor);
	trp_client_close(&visit);
	return holdings;
}

static void expect_holdings(pid_t supervisor, struct holdings before)
{
	enum { LANES = 64 }; /* of those who were visited may have grown */

	const struct timespec pause = { .tv_sec = 1, .tv_nsec = 500000000 };
	struct holdings now;

	/* Pages of the dead are given back when nobody has died for a while. */
	for (int i = 0; i < 100; i++) {
		now = visit_and_look(supervisor);
		if (now.descriptors == before.descriptors &&
		    now.blocks <= before.blocks + LANES)
			return;
		nanosleep(&pause, NULL);
	}
	cr_expect_fail("%u descriptors were %u, %lld blocks %lld",
		       now.descriptors, before.descriptors, now.blocks,
		       before.blocks);
}

Test(guests, a_plain_program_asks_sends_and_receives)
{
	struct program node, guest;

	node_start(&node, "a", NULL);
	start_guest(&guest, "once", NULL);
	expect_words(&guest, "done");
	expect_end(&guest, 0);
	node_await_count("a", 3);
	node_stop(&node, "a");
}

Test(guests, without_a_node_it_is_told_so)
{
	struct program guest;

	start_guest(&guest, "once", NULL);
	cr_expect_eq(program_finish(&guest, PATIENCE_MS), 1);
	cr_expect(strstr(guest.err, "no node of yours is running"), "%s",
		  guest.err);
	program_fini(&guest);
}

Test(guests, ten_thousand_joins_leave_nothing)
{
	struct program node, guest;
	struct holdings before;

	node_start(&node, "a", NULL);
	/* The first ones allocate what is kept: endpoints and lanes of the
	 * actors. */
	start_guest(&guest, "often", "100", NULL);
	expect_end(&guest, 0);
	node_await_count("a", 3);
	before = visit_and_look(node.pid);
	start_guest(&guest, "often", "10000", NULL);
	cr_expect_eq(program_finish(&guest, 200000), 0, "%s", guest.err);
	program_fini(&guest);
	node_await_count("a", 3);
	expect_holdings(node.pid, before);
	node_stop(&node, "a");
}

static unsigned seed_random(void)
{
	unsigned seed;

	cr_assert_eq(getrandom(&seed, sizeof(seed), 0), sizeof(seed));
	printf("seed %u\n", seed);
	return seed;
}

/* A random delay of up to some milliseconds. */
static void pass_time(unsigned *seed)
{
	for (int i = rand_r(seed) % 2000; i > 0; i--)
		sched_yield();
}

Test(guests, killed_anywhere_it_leaves_nothing)
{
	static const char *const parts[] = { "often", "flood" };
	static const char *const words[] = { "1000000", "echo" };
	unsigned seed = seed_random();
	struct program node, guest;
	struct holdings before;

	node_start(&node, "a", NULL);
	for (int i = 0; i < 80; i++) {
		if (i == 20) { /* by now, all are warm */
			node_await_count("a", 3);
			before = visit_and_look(node.pid);
		}
		start_guest(&guest, parts[i % 2], words[i % 2], NULL);
		pass_time(&seed);
		kill_guest(&guest);
	}
	node_await_count("a", 3);
	/*
	 * A lane of the actors may have grown with the last flood: to 2 MiB,
	 * with the ring before.  Forty floods that stayed would be ten times
	 * this.
	 */
	before.blocks += 8192;
	expect_holdings(node.pid, before);
	start_guest(&guest, "once", NULL);
	expect_end(&guest, 0);
	node_stop(&node, "a");
}

/* ps shows a guest as such. */
static void expect_seen(const char *label, const char *name)
{
	struct troupe_value *ps = node_ps("a");
	const struct troupe_value *guest = node_find(ps, label);

	cr_assert(guest);
	cr_expect(
		troupe_value_to_bool(troupe_value_get(guest, "guest"), false));
	cr_expect_str_eq(
		troupe_value_to_text(troupe_value_get(guest, "address"), ""),
		label);
	cr_expect_str_eq(
		troupe_value_to_text(
			troupe_value_at(troupe_value_get(guest, "names"), 0),
			""),
		name);
	troupe_value_free(ps);
}

Test(guests, its_end_is_told_once_and_its_name_is_free)
{
	struct program node, a, b;
	const char *first;

	node_start(&node, "a", NULL);
	start_guest(&b, "wait", "b", "doubler", NULL);
	expect_words(&b, "joined\n");
	expect_seen("waiter", "b");
	start_guest(&a, "wait", "a", "b", NULL);
	expect_words(&a, "joined\n");
	kill_guest(&b);
	expect_words(&a, "down waiter\n");
	start_guest(&b, "wait", "b", "doubler", NULL);
	expect_words(&b, "joined\n");
	kill_guest(&b);
	node_await_count("a", 4);
	node_stop(&node, "a");
	expect_words(&a, "over");
	first = strstr(a.out, "down ");
	cr_expect(!strstr(first + 1, "down "), "%s", a.out);
	expect_end(&a, 0);
}

/* "doubler" <- x, who traps <- y <- z */
Test(guests, are_linked_as_other_actors)
{
	struct program node, x, y, z, killer;

	node_start(&node, "a", NULL);
	start_guest(&x, "trap", "x", "doubler", NULL);
	expect_words(&x, "joined\n");
	start_guest(&y, "link", "y", "x", NULL);
	expect_words(&y, "joined\n");
	start_guest(&z, "trap", "z", "y", NULL);
	expect_words(&z, "joined\n");
	start_guest(&killer, "kill", "doubler", NULL);
	expect_end(&killer, 0);
	expect_words(&x, "signal 2 of doubler\n"); /* TROUPE_KILLED */
	kill_guest(&x);
	expect_words(&y, "over: Operation canceled\n");
	expect_words(&z, "signal 7 of guest\n"); /* TROUPE_NOCONNECTION */
	cr_expect(!strstr(z.out, "over"), "%s", z.out);
	expect_end(&y, 0);
	kill_guest(&z);
	node_stop(&node, "a");
}

Test(guests, one_that_leaves_may_have_a_result)
{
	struct program node, a, b;

	node_start(&node, "a", NULL);
	start_guest(&b, "result", "b", "a", NULL);
	expect_words(&b, "joined\n");
	start_guest(&a, "wait", "a", "b", NULL);
	expect_words(&a, "down guest, with a result\n");
	expect_end(&b, 0);
	node_stop(&node, "a");
	expect_end(&a, 0);
}

Test(guests, the_nodes_end_is_the_end_of_membership_and_not_of_the_process)
{
	struct program node, waiting, awaiting, flooding;

	for (int i = 0; i < 2; i++) {
		node_start(&node, "a", NULL);
		start_guest(&waiting, "wait", "w", "doubler", NULL);
		start_guest(&awaiting, "await", NULL);
		start_guest(&flooding, "flood", "echo", NULL);
		expect_words(&waiting, "joined\n");
		expect_words(&awaiting, "awaiting\n");
		expect_words(&flooding, "flooding\n");
		if (i == 0)
			node_stop(&node, "a");
		else
			node_kill(&node);
		expect_words(&waiting, "over");
		expect_words(&awaiting, "left: 0, answer -1, error 1");
		expect_words(&flooding, "over");
		expect_end(&waiting, 0);
		expect_end(&awaiting, 0);
		expect_end(&flooding, 0);
	}
	node_start(&node, "a", NULL); /* sweeps the name of the killed one */
	node_stop(&node, "a");
}

Test(guests, one_that_has_left_is_refused_without_nesting)
{
	struct program node, guest;

	node_start(&node, "a", NULL);
	start_guest(&guest, "again", "100000", NULL);
	expect_words(&guest, "left: 0, asked 1\n");
	expect_words(&guest, "pending 0, asked 100001, depth 1\n");
	expect_end(&guest, 0);
	node_stop(&node, "a");
}

/* The state of that actor in ps; "": it is not there. */
static void state_of(const char *label, char state[16])
{
	struct troupe_value *ps = node_ps("a");
	const struct troupe_value *actor = node_find(ps, label);

	snprintf(state, 16, "%s",
		 troupe_value_to_text(troupe_value_get(actor, "state"), ""));
	troupe_value_free(ps);
}

Test(guests, one_that_stands_still_is_expelled_and_keeps_its_memory)
{
	struct program node, guest, killer;
	char state[16];

	node_start(&node, "a", NULL);
	start_guest(&guest, "wait", "b", "doubler", NULL);
	expect_words(&guest, "joined\n");
	kill(guest.pid, SIGSTOP);
	start_guest(&killer, "kill", "b", NULL);
	expect_end(&killer, 0);
	node_await_count("a", 3);
	/* It may still write there, so no other process gets it. */
	state_of("waiter", state);
	cr_expect_str_eq(state, "dead");
	start_guest(&killer, "often", "50", NULL);
	expect_end(&killer, 0);
	state_of("waiter", state);
	cr_expect_str_eq(state, "dead");
	kill(guest.pid, SIGCONT);
	expect_words(&guest, "then: Cannot send after transport endpoint");
	expect_end(&guest, 0);
	for (int i = 0; i < 1000 && *state; i++)
		state_of("waiter", state);
	cr_expect_str_eq(state, "");
	node_stop(&node, "a");
}

Test(guests, one_that_stands_still_does_not_keep_the_node)
{
	struct program node, guest;

	node_start(&node, "a", NULL);
	start_guest(&guest, "wait", "b", "doubler", NULL);
	expect_words(&guest, "joined\n");
	kill(guest.pid, SIGSTOP);
	node_stop(&node, "a");
	kill(guest.pid, SIGCONT);
	expect_words(&guest, "over");
	expect_end(&guest, 0);
}

Test(guests, a_child_of_a_guest_is_none)
{
	struct program node, guest;

	node_start(&node, "a", NULL);
	start_guest(&guest, "fork", NULL);
	expect_end(&guest, 0);
	node_await_count("a", 3);
	node_stop(&node, "a");
}

static const Troupe__Guest__Joined *ask_to_join(struct trp_client *visit,
						int *ret_r)
{
	Troupe__Guest__Join join = TROUPE__GUEST__JOIN__INIT;
	const ProtobufCMessage *item = NULL;

	join.label = "raw";
	cr_assert_eq(trp_client_open(visit, "a"), 0, "%s", visit->why);
	cr_assert_eq(trp_client_ask(visit, &join.base), 0);
	*ret_r = trp_client_next(visit, &troupe__guest__joined__descriptor, 2,
				 &item);
	return (const Troupe__Guest__Joined *)item;
}

Test(guests, a_process_joins_a_node_once)
{
	static struct trp_client first, second;
	struct program node;
	int r;

	node_start(&node, "a", NULL);
	ask_to_join(&first, &r);
	cr_assert_eq(r, 1);
	cr_assert_eq(first.packet.fds, 2);
	close(first.packet.fd[0]);
	close(first.packet.fd[1]);
	ask_to_join(&second, &r);
	cr_expect_eq(r, -EEXIST);
	cr_expect(strstr(second.why, "already"), "%s", second.why);
	trp_client_close(&second);
	cr_expect_eq(node_count("a"), 4);
	/* It never set up its region, so that can be reused at once. */
	trp_client_close(&first);
	node_await_count("a", 3);
	node_stop(&node, "a");
}

/* Does a write there kill the writer? */
static bool is_fatal(void *address)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		signal(SIGSEGV, SIG_DFL);
		*(_Atomic unsigned char *)address = 1;
		_exit(0);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV;
}

Test(guests, it_can_write_its_own_region_only)
{
	static struct trp_client visit;
	const Troupe__Guest__Joined *joined;
	struct trp_arena arena;
	struct program node;
	uint32_t slot, slots;
	uint64_t heap;
	int r;

	/* Criterion's own mappings leave no room for the usual 62 TiB. */
	setenv("TROUPE_SLOTS", "1024", 1);
	node_start(&node, "a", NULL);
	joined = ask_to_join(&visit, &r);
	cr_assert_eq(r, 1);
	slot = joined->slot;
	slots = joined->slots;
	heap = joined->heap_size;
	cr_expect_eq(trp_arena_join(&arena, dup(visit.packet.fd[0]), slots,
				    heap / 2),
		     -EINVAL, "not that shape");
	r = trp_arena_join(&arena, visit.packet.fd[0], slots, heap);
	cr_assert_eq(r, 0, "%s", strerror(-r));
	cr_assert_eq(trp_arena_enter(&arena, trp_arena_region(&arena, slot)),
		     0);
	cr_expect_eq(arena.fd, -1, "the descriptor is closed");
	for (uint32_t other = 0; other < arena.entered + 2; other++)
		cr_expect_eq(is_fatal(trp_arena_front(&arena, other)),
			     other != trp_arena_region(&arena, slot),
			     "region %u", other);
	cr_expect(is_fatal(trp_arena_slot(&arena, slot)), "the directory");
	cr_expect_lt(mprotect(trp_arena_front(&arena, 1), TRP_PAGE,
			      PROT_READ | PROT_WRITE),
		     0, "nor can it be made writable");
	trp_arena_fini(&arena);
	close(visit.packet.fd[1]);
	trp_client_close(&visit);
	node_stop(&node, "a");
}
