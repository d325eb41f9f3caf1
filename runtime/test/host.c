/* SPDX-License-Identifier: MIT */
/*
 * The supervisor is forked from the process of the test, which has the actors
 * under test; it dies with it.
 */
#include "runtime/test/host.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "ipc/bus/kinds.h"
#include "ipc/time.h"
#include "runtime/mail/module.h"
#include "runtime/mesh/mesh.h"
#include "runtime/mesh/nodes.h"
#include "runtime/node/process.h"
#include "runtime/supervision/module.h"
#include "runtime/supervisor/supervisor.h"
#include "runtime/test/clock.h"
#include "runtime/test/link.h"
#include "runtime/test/root.h"

enum { SLOTS = 4096, HEAP = 1 << 30 };

uint32_t trp_host_slots(const struct troupe_test_options *options)
{
	return options->slots ? options->slots : SLOTS;
}

/* Of two nodes: both know each other within a second. */
static void join_mesh(const struct troupe_test_options *options,
		      struct trp_mesh_options *mesh)
{
	static const char name[] = "test", codec_of[] = "local";
	const char *codec =
		trp_mesh_codec(trp_bus_kinds_find(codec_of, strlen(codec_of)));

	*mesh = (struct trp_mesh_options) {
		.config = { .cycle_s = 1,
			    .gap_s = 0.25,
			    .nodes = 2,
			    .splits = 4,
			    .n_hosts = 1,
			    .force_in = true },
		.is_enabled = true,
		.outage_ms = options->outage_ms,
	};
	memcpy(mesh->name, name, sizeof(name));
	snprintf(mesh->bus, sizeof(mesh->bus), "%s", trp_link_url());
	snprintf(mesh->codec, sizeof(mesh->codec), "%s", codec ? codec : "");
}

static _Noreturn void supervise(const struct trp_host *host,
				const struct troupe_test_options *options)
{
	static const struct trp_module *const modules[] = {
		&trp_mail_module, &trp_mesh_module, &trp_mesh_nodes_module,
		&trp_supervision_module, NULL
	};
	static char *argv[] = { "test", NULL };
	struct trp_options of_node = {
		.main = trp_root_main,
		.argc = 1,
		.argv = argv,
		.slots = trp_host_slots(options),
		.heap_size = HEAP,
	};
	const char *debug = getenv("TROUPE_DEBUG");

	memcpy(of_node.node, host->name, sizeof(host->name));
	if (debug)
		snprintf(of_node.debug, sizeof(of_node.debug), "%s", debug);
	if (options->other_node)
		join_mesh(options, &of_node.mesh);
	_exit(trp_supervisor_run(&of_node, modules));
}

int trp_host_start(struct trp_host *host,
		   const struct troupe_test_options *options, bool is_other,
		   char why[TROUPE_TEXT_SIZE])
{
	fflush(NULL); /* or its processes would write it again */
	host->pid = trp_process_fork(SIGCHLD);
	if (host->pid == 0) {
		if (is_other) {
			trp_clock_end();
			trp_link_be_other();
		}
		supervise(host, options);
	}
	if (host->pid > 0)
		return 0;
	snprintf(why, TROUPE_TEXT_SIZE, "%s", strerror(-host->pid));
	return host->pid;
}

void trp_host_pause(void)
{
	const struct timespec ms = { .tv_nsec = 1000000 };

	nanosleep(&ms, NULL);
}

int trp_host_await(struct trp_host *host, int64_t ms)
{
	struct trp_time end = { trp_time_machine().ns + ms * 1000000 };
	int status;
	pid_t pid;

	while ((pid = waitpid(host->pid, &status, WNOHANG)) <= 0) {
		if (pid < 0 && errno != EINTR)
			return -errno;
		if (trp_time_machine().ns >= end.ns)
			return -ETIMEDOUT;
		trp_host_pause();
	}
	host->pid = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void trp_host_kill(struct trp_host *host)
{
	if (host->pid > 0 && kill(host->pid, SIGKILL) == 0)
		while (trp_host_await(host, 1000) == -ETIMEDOUT)
			continue;
	host->pid = 0;
}
