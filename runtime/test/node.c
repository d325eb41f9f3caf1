/* SPDX-License-Identifier: MIT */
/*
 * The supervisor is forked from the process of the test, which has the actors
 * under test; it dies with it.  The process then joins its node.
 */
#include "runtime/test/node.h"

#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "runtime/mesh/mesh.h"
#include "runtime/node/process.h"
#include "runtime/node/types.h"
#include "runtime/supervision/module.h"
#include "runtime/supervisor/supervisor.h"
#include "runtime/test/clock.h"
#include "runtime/test/ends.h"
#include "runtime/test/failure.h"
#include "runtime/test/order.pb-c.h"
#include "runtime/test/patience.h"
#include "runtime/test/root.h"
#include "runtime/troupe_guest.h"
#include "runtime/troupe_link.h"
#include "runtime/troupe_test.h"
#include "runtime/troupe_tree.h"

enum { SLOTS = 4096, HEAP = 1 << 30, LIMIT_MS = 60000 };

static struct {
	pid_t pid; /* 0: no test has begun */
	troupe_ref root;
	char name[TRP_NODE_NAME_SIZE];
} node;

troupe_ref trp_test_node_root(void)
{
	return node.root;
}

/* ---- its process --------------------------------------------------------- */

static uint32_t slots_of(const struct troupe_test_options *options)
{
	return options->slots ? options->slots : SLOTS;
}

static _Noreturn void supervise(const struct troupe_test_options *options)
{
	static const struct trp_module *const modules[] = {
		&trp_mesh_module, &trp_supervision_module, NULL
	};
	static char *argv[] = { "test", NULL };
	struct trp_options of_node = {
		.main = trp_root_main,
		.argc = 1,
		.argv = argv,
		.slots = slots_of(options),
		.heap_size = HEAP,
	};

	const char *debug = getenv("TROUPE_DEBUG");

	memcpy(of_node.node, node.name, sizeof(node.name));
	if (debug)
		snprintf(of_node.debug, sizeof(of_node.debug), "%s", debug);
	_exit(trp_supervisor_run(&of_node, modules));
}

static void pause_shortly(void)
{
	const struct timespec ms = { .tv_nsec = 1000000 };

	nanosleep(&ms, NULL);
}

/* Its exit status; 128 + n: of signal n; -ETIMEDOUT: it runs. */
static int await_exit(int64_t ms)
{
	struct trp_time end = { trp_time_machine().ns + ms * 1000000 };
	int status;
	pid_t pid;

	for (;;) {
		pid = waitpid(node.pid, &status, ms ? WNOHANG : 0);
		if (pid < 0 && errno != EINTR)
			return -errno;
		if (pid > 0)
			break;
		if (ms && trp_time_machine().ns >= end.ns)
			return -ETIMEDOUT;
		pause_shortly();
	}
	node.pid = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void drop(void)
{
	troupe_leave();
	trp_ends_forget();
	node.root = 0;
	if (node.pid > 0) {
		kill(node.pid, SIGKILL);
		await_exit(0);
	}
	trp_clock_end();
}

/* ---- begin --------------------------------------------------------------- */

/* Until its control socket is there. */
static int join(char why[TROUPE_TEXT_SIZE])
{
	static const struct troupe_class probe = { .name = "probe" };
	struct trp_time end = { trp_time_machine().ns + LIMIT_MS * 1000000LL };
	int r, status;

	for (;;) {
		r = troupe_join(node.name, &probe, why);
		if (r != -ENOENT)
			return r;
		if (waitpid(node.pid, &status, WNOHANG) == node.pid) {
			node.pid = 0;
			strcpy(why, "its process has ended; see its output");
			return -ECHILD;
		}
		if (trp_time_machine().ns >= end.ns)
			return r;
		pause_shortly();
	}
}

/* All of its processes know the types that tests may send and get. */
static int know_types(void)
{
	int r = trp_types_begin();

	return r < 0 ? r : trp_types_load(dlopen(NULL, RTLD_NOW));
}

static int begin(const struct troupe_test_options *options,
		 char why[TROUPE_TEXT_SIZE])
{
	static unsigned count;
	int r = know_types();

	if (r < 0) {
		strcpy(why, "two message types have the same hash");
		return r;
	}
	r = trp_clock_begin(slots_of(options));
	if (r < 0)
		return r;
	snprintf(node.name, sizeof(node.name), "test-%d-%u", (int)getpid(),
		 count++);
	fflush(NULL); /* or its processes would write it again */
	node.pid = trp_process_fork(SIGCHLD);
	if (node.pid == 0)
		supervise(options);
	if (node.pid < 0) {
		snprintf(why, TROUPE_TEXT_SIZE, "%s", strerror(-node.pid));
		return node.pid;
	}
	r = join(why);
	if (r == 0)
		r = troupe_lookup("/", &node.root);
	if (r == 0)
		r = troupe_trap_exits(true);
	if (r == 0 && options->clock_stands)
		trp_clock_stand();
	return r;
}

int(troupe_test_begin)(const struct troupe_test_options *options)
{
	static const struct troupe_test_options none;
	char why[TROUPE_TEXT_SIZE] = "it does not answer";
	int r;

	options = options ? options : &none;
	drop();
	trp_failure_begin(options->failed);
	trp_patience_begin(options->patience_ms);
	r = begin(options, why);
	if (r < 0) {
		drop();
		trp_failure_tell("cannot start a node: %s", why);
	}
	return r;
}

/* ---- end ----------------------------------------------------------------- */

/* text: what went wrong.  0 or a negative errno. */
static int finish(char *text, size_t size)
{
	const struct troupe_pattern pattern = {
		.type = &troupe__test__finished__descriptor, .sender = node.root
	};
	Troupe__Test__Finish order = TROUPE__TEST__FINISH__INIT;
	const Troupe__Test__Finished *finished;
	struct troupe_message message;
	int r;

	trp_clock_go(); /* Grace takes its time. */
	r = troupe_send(node.root, &order.base);
	if (r >= 0)
		r = trp_patience_receive(&pattern, 1, LIMIT_MS, &message);
	if (r < 0) {
		snprintf(text, size, "its root actor does not end: %s",
			 strerror(-r));
		return r;
	}
	finished = message.body;
	snprintf(text, size, "%s", finished->text);
	troupe_stop(node.root);
	troupe_leave();
	r = await_exit(LIMIT_MS);
	if (r != 0 && !*text)
		snprintf(text, size,
			 r < 0 ? "it does not end: %d"
			       : "its exit status is %d",
			 r);
	return *text ? r < 0 ? r : -ENOTRECOVERABLE : 0;
}

int(troupe_test_end)(void)
{
	char text[512] = "no test has begun";
	int r = node.root ? finish(text, sizeof(text)) : -ESHUTDOWN;

	drop();
	if (r < 0)
		trp_failure_tell("at the end of the node: %s", text);
	return r;
}
