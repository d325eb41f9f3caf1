/* SPDX-License-Identifier: MIT */
#include "tests/runtime/mesh/kit.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
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

#include "runtime/mesh/mesh.h"
#include "runtime/supervisor/supervisor.h"
#include "serialize/beacon/codecs.h"

enum { PATIENCE_S = 120 };

struct mesh_board *board;
struct node nodes[NODES_MAX];
int node_count;
int this_node;

/* ---- in actors ---------------------------------------------------------- */

void mesh_changed(void)
{
	board->changes++;
	syscall(SYS_futex, &board->changes, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

void mesh_failed(const char *file, int line, const char *claim)
{
	fprintf(stderr, "%s:%d: not true in node %d, process %d: %s\n", file,
		line, this_node, (int)getpid(), claim);
	board->failures++;
	mesh_changed();
}

void mesh_see(const struct troupe_message *message)
{
	struct seen *seen = &board->seen[this_node];
	struct troupe_mesh_event event;

	if (troupe_mesh_event(message, &event) < 0)
		return;
	switch (event.kind) {
	case TROUPE_MESH_IT:
		seen->is_it = true;
		seen->its++;
		break;
	case TROUPE_MESH_NOT_IT:
		seen->is_it = false;
		break;
	case TROUPE_MESH_OTHER_IT:
		seen->others++;
		break;
	case TROUPE_MESH_HEALED:
		CHECK(event.local_count > 0 && event.remote_count > 0);
		seen->healed++;
		break;
	case TROUPE_MESH_LEADING:
		CHECK(event.fence > seen->fence && event.term > seen->term);
		seen->fence = event.fence;
		seen->term = event.term;
		seen->is_leading = true;
		seen->led++;
		break;
	case TROUPE_MESH_FOLLOWING:
		seen->is_leading = false;
		break;
	case TROUPE_MESH_UP:
	case TROUPE_MESH_DOWN:
		seen->is_up = event.kind == TROUPE_MESH_UP;
		if (seen->is_up)
			seen->up_ns = troupe_now().ns;
		seen->downs += event.kind == TROUPE_MESH_DOWN && event.error;
		break;
	case TROUPE_MESH_LOST:
		CHECK(event.error == -EEXIST);
		seen->lost++;
		break;
	case TROUPE_MESH_SETUP:
		CHECK(*event.node);
		seen->version = event.version;
		break;
	case TROUPE_MESH_DEAF:
		seen->deaf++;
		break;
	case TROUPE_MESH_GOOD_NODES:
	case TROUPE_MESH_SAID:
	case TROUPE_MESH_NODE_UP:
	case TROUPE_MESH_NODE_DOWN:
	case TROUPE_MESH_CAME:
	case TROUPE_MESH_WENT:
		break;
	}
	mesh_changed();
}

void mesh_look(void)
{
	struct seen *seen = &board->seen[this_node];
	struct troupe_mesh_view *view;
	size_t i, length = 0;

	CHECK(troupe_mesh_look(&view) == 0);
	seen->listed[0] = '\0';
	for (i = 0; i < view->count; i++)
		length += (size_t)snprintf(seen->listed + length,
					   sizeof(seen->listed) - length, "%s ",
					   view->node[i].name);
	seen->live = (int)view->count;
	seen->looks_up = view->is_up;
	seen->malformed = (long)view->malformed;
	troupe_mesh_view_free(view);
	CHECK(troupe_mesh_find("guardian", &view) == 0);
	seen->offering = (int)view->count;
	troupe_mesh_view_free(view);
	mesh_changed();
}

/* Another root would declare something first. */
int mesh_root(int argc, char **argv)
{
	struct troupe_message message;
	int r;

	CHECK(troupe_mesh_subscribe() == 0);
	for (;;) {
		r = troupe_receive(NULL, 0, troupe_in_ms(100), &message);
		if (r == 0)
			mesh_see(&message);
		else if (r != -ETIMEDOUT)
			return r;
		mesh_look();
	}
}

/* ---- the guarded resource ----------------------------------------------- */

/* Returns whether it was taken. */
static bool append(uint64_t fence)
{
	struct guarded *log = &board->log;
	bool is_taken;

	while (atomic_exchange(&log->is_locked, true))
		sched_yield();
	is_taken = fence >= log->fence;
	if (is_taken && (log->count == 0 || fence > log->fence) &&
	    log->count < LOG_MAX) {
		log->at[log->count].fence = fence;
		log->at[log->count++].node = this_node;
	}
	if (is_taken)
		log->fence = fence;
	else
		log->refused++;
	log->is_locked = false;
	return is_taken;
}

static struct troupe_timer beat;

static int on_beat(struct troupe_timer *timer)
{
	append(troupe_fence());
	mesh_changed();
	return 0;
}

static int guardian_init(const void *arguments)
{
	CHECK(troupe_fence() && troupe_term() == troupe_fence() >> 16);
	board->seen[this_node].running = getpid();
	board->seen[this_node].starts++;
	on_beat(&beat);
	beat.fired = on_beat;
	return troupe_timer_start(&beat, troupe_in_ms(10), 10);
}

static void guardian_stop(void)
{
	board->seen[this_node].running = 0;
	mesh_changed();
}

const struct troupe_class guardian = { .name = "guardian",
				       .init = guardian_init,
				       .stop = guardian_stop };

/* ---- nodes -------------------------------------------------------------- */

void mesh_prepare(int count, const char *url)
{
	int i;

	cr_assert(count <= NODES_MAX);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cr_assert_neq(board, MAP_FAILED);
	node_count = count;
	for (i = 0; i < count; i++) {
		snprintf(nodes[i].name, sizeof(nodes[i].name), "n%d", i);
		snprintf(nodes[i].url, sizeof(nodes[i].url), "%s", url);
		nodes[i].root = mesh_root;
	}
}

/* Separate control sockets, so that two may have one name. */
static void go_home(int number)
{
	char home[128];

	snprintf(home, sizeof(home), "%s/home%d", test_folder(), number);
	CHECK(mkdir(home, 0700) == 0 || errno == EEXIST);
	setenv("XDG_RUNTIME_DIR", home, 1);
}

static int run_node(int number)
{
	static char *argv[] = { "test", NULL };
	static struct trp_options options = {
		.mesh = { .name = "test",
			  .config = { .cycle_s = 0.6,
				      .gap_s = 0.15,
				      .nodes = 32,
				      .splits = 4,
				      .n_hosts = 1,
				      .force_in = true },
			  .is_enabled = true },
		.argc = 1,
		.argv = argv,
		.slots = 64,
		.heap_size = 1 << 20
	};
	static const struct trp_module *const modules[] = { &trp_mesh_module,
							    NULL };
	struct trp_mesh_options *mesh = &options.mesh;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	this_node = number;
	go_home(number);
	options.main = nodes[number].root;
	snprintf(options.node, sizeof(options.node), "%s", nodes[number].name);
	snprintf(mesh->bus, sizeof(mesh->bus), "%s", nodes[number].url);
	snprintf(mesh->codec, sizeof(mesh->codec), "%s",
		 trp_codecs_find("cbor") && strncmp(mesh->bus, "serf", 4) != 0
			 ? "cbor"
			 : "msgpack");
	mesh->config.version = nodes[number].version;
	if (nodes[number].before && nodes[number].before(number) < 0)
		return 99;
	return trp_supervisor_run(&options, modules);
}

void mesh_start(int number)
{
	struct node *node = &nodes[number];

	memset(&board->seen[number], 0, sizeof(board->seen[number]));
	fflush(NULL);
	node->pid = fork();
	cr_assert(node->pid >= 0);
	if (node->pid == 0)
		_exit(run_node(number));
}

void mesh_begin(int count, const char *url)
{
	int i;

	mesh_prepare(count, url);
	for (i = 0; i < count; i++)
		mesh_start(i);
}

/* Its actors come to us, as it was their subreaper, and are reaped. */
void mesh_kill(int number)
{
	int status;

	cr_assert(kill(nodes[number].pid, SIGKILL) == 0);
	cr_assert(waitpid(nodes[number].pid, &status, 0) == nodes[number].pid);
	cr_assert(WIFSIGNALED(status));
	nodes[number].pid = 0;
}

static void stop_node(struct node *node)
{
	int status;

	cr_assert(kill(node->pid, SIGTERM) == 0);
	cr_assert(waitpid(node->pid, &status, 0) == node->pid);
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0,
		  "%s ended with %x", node->name, (unsigned)status);
	node->pid = 0;
}

void mesh_end(void)
{
	int i;

	for (i = 0; i < node_count; i++)
		if (nodes[i].pid)
			stop_node(&nodes[i]);
	/* Of those that were killed; they die with their supervisor. */
	while (waitpid(-1, NULL, 0) > 0)
		;
	cr_assert(errno == ECHILD);
	cr_assert_eq(board->failures, 0, "%ld claims did not hold",
		     board->failures);
	munmap(board, sizeof(*board));
}

/* ---- waiting ------------------------------------------------------------ */

static void show(void)
{
	int i;

	for (i = 0; i < node_count; i++)
		fprintf(stderr,
			"%s: pid %d up %d its %d others %d leading %d fence "
			"%llx live %d (%s) running %d starts %d downs %d "
			"malformed %ld\n",
			nodes[i].name, (int)nodes[i].pid, board->seen[i].is_up,
			board->seen[i].its, board->seen[i].others,
			board->seen[i].is_leading,
			(unsigned long long)board->seen[i].fence,
			board->seen[i].live, board->seen[i].listed,
			(int)board->seen[i].running, board->seen[i].starts,
			board->seen[i].downs, board->seen[i].malformed);
}

void mesh_await(bool (*is_so)(void), const char *what)
{
	struct timespec end, now, second = { .tv_sec = 1 };
	uint32_t changes;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += PATIENCE_S;
	for (;;) {
		changes = board->changes;
		if (is_so())
			return;
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (now.tv_sec > end.tv_sec)
			show();
		cr_assert(now.tv_sec <= end.tv_sec, "not so: %s", what);
		syscall(SYS_futex, &board->changes, FUTEX_WAIT, changes,
			&second, NULL, 0);
	}
}

bool is_settled(void)
{
	int i, there = 0;

	for (i = 0; i < node_count; i++)
		there += nodes[i].pid != 0;
	for (i = 0; i < node_count; i++)
		if (nodes[i].pid &&
		    (board->seen[i].live != there || !board->seen[i].is_up))
			return false;
	return has_gone_round();
}

void mesh_mark(void)
{
	int i;

	for (i = 0; i < node_count; i++)
		board->seen[i].its = board->seen[i].others = 0;
}

bool has_gone_round(void)
{
	int i;

	for (i = 0; i < node_count; i++)
		if (nodes[i].pid && !board->seen[i].its)
			return false;
	return true;
}

int leading(void)
{
	int i, which = -1;

	for (i = 0; i < node_count; i++) {
		if (!nodes[i].pid || !board->seen[i].is_leading)
			continue;
		if (which >= 0)
			return -1;
		which = i;
	}
	return which;
}

bool is_one_leading(void)
{
	return leading() >= 0;
}
