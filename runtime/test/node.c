/* SPDX-License-Identifier: MIT */
/* The node of the test, which the test joins, and where wanted another one. */
#include "runtime/test/node.h"

#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "runtime/node/types.h"
#include "runtime/test/clock.h"
#include "runtime/test/ends.h"
#include "runtime/test/failure.h"
#include "runtime/test/host.h"
#include "runtime/test/link.h"
#include "runtime/test/order.pb-c.h"
#include "runtime/test/patience.h"
#include "runtime/test/root.h"
#include "runtime/troupe_guest.h"
#include "runtime/troupe_link.h"
#include "runtime/troupe_node.h"
#include "runtime/troupe_test.h"
#include "runtime/troupe_tree.h"

enum { LIMIT_MS = 60000 };

static struct trp_host node, other;
static troupe_ref root, other_root; /* 0: none */

troupe_ref trp_test_node_root(void)
{
	return root;
}

troupe_ref trp_test_node_root_of(const char *name)
{
	return name && strcmp(name, other.name) == 0 ? other_root : 0;
}

static void drop(void)
{
	troupe_leave();
	trp_ends_forget();
	root = other_root = 0;
	trp_host_kill(&node);
	trp_host_kill(&other);
	trp_link_end();
	trp_clock_end();
}

bool trp_test_node_has_other(void)
{
	return other_root != 0;
}

/* Of a test that left without end; not in actors that run exit handlers. */
static pid_t owner;

static void leave_nothing(void)
{
	if (getpid() == owner)
		drop();
}

static void own(void)
{
	if (!owner)
		atexit(leave_nothing);
	owner = getpid();
}

/* ---- begin --------------------------------------------------------------- */

/* Until its control socket is there. */
static int join(char why[TROUPE_TEXT_SIZE])
{
	static const struct troupe_class probe = { .name = "probe" };
	struct trp_time end = { trp_time_machine().ns + LIMIT_MS * 1000000LL };
	int r;

	for (;;) {
		r = troupe_join(node.name, &probe, why);
		if (r != -ENOENT)
			return r;
		if (trp_host_await(&node, 0) != -ETIMEDOUT) {
			strcpy(why, "its process has ended; see its output");
			return -ECHILD;
		}
		if (trp_time_machine().ns >= end.ns)
			return r;
		trp_host_pause();
	}
}

/* All of its processes know the types that tests may send and get. */
static int know_types(void)
{
	int r = trp_types_begin();

	return r < 0 ? r : trp_types_load(dlopen(NULL, RTLD_NOW));
}

/* The other one, after the fork of the first. */
static int start_other(const struct troupe_test_options *options,
		       char why[TROUPE_TEXT_SIZE])
{
	if (!options->other_node)
		return 0;
	snprintf(other.name, sizeof(other.name), "%s", options->other_node);
	return trp_host_start(&other, options, true, why);
}

static int start(const struct troupe_test_options *options,
		 char why[TROUPE_TEXT_SIZE])
{
	static unsigned count;
	int r = options->other_node ? trp_link_begin(options->outage_ms) : 0;

	if (r < 0)
		return r;
	snprintf(node.name, sizeof(node.name), "test-%d-%u", (int)getpid(),
		 count++);
	r = trp_host_start(&node, options, false, why);
	return r < 0 ? r : start_other(options, why);
}

/* Waits until the nodes know each other. */
static int find_other(char why[TROUPE_TEXT_SIZE])
{
	struct troupe_time end = troupe_in_ms(LIMIT_MS);
	int r;

	do {
		if (trp_host_await(&other, 0) != -ETIMEDOUT) {
			strcpy(why, "the other one has ended; see its output");
			return -ECHILD;
		}
		r = troupe_whereis_at(other.name, "/", end, &other_root);
		trp_host_pause();
	} while ((r == -EHOSTUNREACH || r == -ENOENT || r == -ESRCH) &&
		 troupe_now().ns < end.ns);
	if (r < 0)
		snprintf(why, TROUPE_TEXT_SIZE,
			 "the other one cannot be reached: %s", strerror(-r));
	return r;
}

static int begin(const struct troupe_test_options *options,
		 char why[TROUPE_TEXT_SIZE])
{
	int r = know_types();

	if (r < 0) {
		strcpy(why, "two message types have the same hash");
		return r;
	}
	if (options->other_node && options->clock_stands) {
		strcpy(why, "the clock cannot stand where there is another");
		return -EINVAL;
	}
	r = trp_clock_begin(trp_host_slots(options));
	if (r == 0)
		r = start(options, why);
	if (r == 0)
		r = join(why);
	if (r == 0)
		r = troupe_lookup("/", &root);
	if (r == 0)
		r = troupe_trap_exits(true);
	if (r == 0 && options->other_node)
		r = find_other(why);
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
	own();
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
		.type = &troupe__test__finished__descriptor, .sender = root
	};
	Troupe__Test__Finish order = TROUPE__TEST__FINISH__INIT;
	const Troupe__Test__Finished *finished;
	struct troupe_message message;
	int r;

	trp_clock_go(); /* Grace takes its time. */
	r = troupe_send(root, &order.base);
	if (r >= 0)
		r = trp_patience_receive(&pattern, 1, LIMIT_MS, &message);
	if (r < 0) {
		snprintf(text, size, "its root actor does not end: %s",
			 strerror(-r));
		return r;
	}
	finished = message.body;
	snprintf(text, size, "%s", finished->text);
	troupe_stop(root);
	troupe_leave();
	r = trp_host_await(&node, LIMIT_MS);
	if (r == 0 && other.pid) {
		kill(other.pid, SIGTERM);
		r = trp_host_await(&other, LIMIT_MS);
	}
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
	int r = root ? finish(text, sizeof(text)) : -ESHUTDOWN;

	drop();
	if (r < 0)
		trp_failure_tell("at the end of the node: %s", text);
	return r;
}
