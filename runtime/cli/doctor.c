/* SPDX-License-Identifier: MIT */
#include "runtime/cli/doctor.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "ipc/arena_fit.h"
#include "ipc/bus/kinds.h"
#include "ipc/library.h"
#include "ipc/memory_budget.h"
#include "ipc/wait.h"
#include "libraries.h"
#include "runtime/cli/arguments.h"
#include "runtime/cli/doctor_mesh.h"
#include "runtime/cli/finding.h"
#include "runtime/node/limit.h"
#include "runtime/node/oom_score.h"
#include "serialize/beacon/codecs.h"

static enum trp_finding check_kernel(void)
{
	struct utsname name;
	unsigned major = 0, minor = 0;

	if (uname(&name) < 0 ||
	    sscanf(name.release, "%u.%u", &major, &minor) != 2)
		return trp_finding_say(TRP_FINDING_BROKEN, "kernel", "unknown",
				       "is this Linux?");
	return trp_finding_say(major * 100 + minor >= 515 ? TRP_FINDING_FINE
							  : TRP_FINDING_BROKEN,
			       "kernel", name.release,
			       "troupe needs Linux 5.15 or later");
}

static enum trp_finding check_wait(void)
{
	enum trp_wait_kind kind;
	char why[160] = "";

	if (trp_wait_probe(&kind, why) < 0)
		return trp_finding_say(
			TRP_FINDING_BROKEN, "waiting", why,
			"unset TROUPE_WAIT, or set it to what works here");
	return trp_finding_say(
		kind == TRP_WAIT_URING ? TRP_FINDING_FINE : TRP_FINDING_WORSE,
		"waiting", why,
		"Linux 6.7 with io_uring allowed is faster for actors that "
		"wait for descriptors");
}

static enum trp_finding check_arena(void)
{
	struct trp_arena arena = { 0 };
	char text[128];
	int r = trp_arena_fit(&arena, 0, 0);
	bool is_whole = r == 0 && arena.slots == TRP_SLOTS_MAX;

	if (r == 0)
		snprintf(text, sizeof(text),
			 "%zu GiB of address space for %u actors, %llu MiB of "
			 "heap each",
			 arena.size >> 30, arena.slots,
			 (unsigned long long)arena.heap_size >> 20);
	else
		snprintf(text, sizeof(text), "%s", strerror(-r));
	trp_arena_fini(&arena);
	if (r < 0 && r != -ENOMEM && r != -EFBIG)
		return trp_finding_say(TRP_FINDING_WORSE, "arena",
				       trp_limit_text(r), "");
	return trp_finding_say(
		is_whole ? TRP_FINDING_FINE : TRP_FINDING_WORSE, "arena", text,
		r == -EFBIG ? "run with smaller --heap, or raise `ulimit -f`"
			    : "run with smaller --heap, or raise `ulimit -v`");
}

/* The first line of a file in /proc/sys/kernel; "": there is none. */
static void read_setting(const char *name, char text[96])
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/sys/kernel/%s", name);
	text[0] = '\0';
	file = fopen(path, "re");
	if (!file)
		return;
	if (!fgets(text, 96, file))
		text[0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	fclose(file);
}

static enum trp_finding check_processes(void)
{
	struct rlimit limit = { 0 };
	unsigned long pid_max, most;
	char text[128];

	read_setting("pid_max", text);
	pid_max = strtoul(text, NULL, 10);
	getrlimit(RLIMIT_NPROC, &limit);
	most = limit.rlim_cur < pid_max ? limit.rlim_cur : pid_max;
	snprintf(text, sizeof(text),
		 "%lu (pid_max %lu, RLIMIT_NPROC %" PRIu64 ")", most, pid_max,
		 (uint64_t)limit.rlim_cur);
	return trp_finding_say(
		most > 33000 ? TRP_FINDING_FINE : TRP_FINDING_WORSE,
		"processes", text,
		"for 30,000 actors: sysctl kernel.pid_max=4194304, "
		"ulimit -u unlimited");
}

/* Root may, unless it lost that capability, as in a container. */
static bool may_lock_all(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (syscall(SYS_capget, &header, data) < 0)
		return geteuid() == 0;
	return data[CAP_TO_INDEX(CAP_IPC_LOCK)].effective &
	       CAP_TO_MASK(CAP_IPC_LOCK);
}

static enum trp_finding check_memlock(void)
{
	struct rlimit limit = { 0 };
	char text[128];

	getrlimit(RLIMIT_MEMLOCK, &limit);
	if (may_lock_all() || limit.rlim_cur == RLIM_INFINITY)
		return trp_finding_say(TRP_FINDING_FINE, "memlock",
				       "unlimited for this user", "");
	snprintf(text, sizeof(text),
		 "%" PRIu64 " KiB: about %" PRIu64 " actors with descriptors",
		 (uint64_t)limit.rlim_cur / 1024,
		 (uint64_t)limit.rlim_cur / 8192);
	return trp_finding_say(
		TRP_FINDING_WORSE, "memlock", text,
		"each io_uring is charged 8 KiB: raise `ulimit -l`; actors "
		"that wait for mail and time only need none");
}

/* As the supervisor of a node does. */
static int lower_oom_score(void)
{
	char text[TRP_OOM_SCORE_TEXT];

	if (trp_oom_score_get() <= TRP_OOM_SCORE_SUPERVISOR)
		return 0;
	trp_oom_score_text(TRP_OOM_SCORE_SUPERVISOR, text);
	return trp_oom_score_set(text);
}

static enum trp_finding check_memory(void)
{
	const struct trp_memory_room room =
		trp_memory_budget_room("/proc", "/sys/fs/cgroup");
	bool is_group = room.group.left < room.machine.left;
	struct trp_memory_bound bound = is_group ? room.group : room.machine;
	char text[96];

	snprintf(text, sizeof(text),
		 "%" PRIu64 " of %" PRIu64 " MiB are left, by the %s",
		 bound.left >> 20, bound.limit >> 20,
		 is_group ? "control group" : "machine");
	return trp_finding_say(TRP_FINDING_FINE, "memory", text, "");
}

/* Which process is killed first where memory ends all the same. */
static enum trp_finding check_oom_score(void)
{
	int score = trp_oom_score_get(), r = lower_oom_score();
	char text[160];

	snprintf(text, sizeof(text),
		 "oom_score_adj %d of actors, %d of the supervisor%s%s",
		 score + TRP_OOM_SCORE_ACTOR, trp_oom_score_get(),
		 r < 0 ? "; to lower that is refused: " : "",
		 r < 0 ? strerror(-r) : "");
	return trp_finding_say(
		r < 0 ? TRP_FINDING_WORSE : TRP_FINDING_FINE, "out of memory",
		text,
		"actors go first, but the supervisor before others that "
		"have less: CAP_SYS_RESOURCE, or a lower OOMScoreAdjust= "
		"of systemd");
}

/* The tools that inspect an actor: gdb -p, strace, perf, a core. */
static enum trp_finding check_tools(void)
{
	char pattern[96], ptrace[96], perf[96], text[320];
	struct rlimit core = { 0 };
	bool has_core, has_ptrace, has_perf;

	getrlimit(RLIMIT_CORE, &core);
	read_setting("core_pattern", pattern);
	read_setting("yama/ptrace_scope", ptrace);
	read_setting("perf_event_paranoid", perf);
	has_core = core.rlim_cur > 0 || pattern[0] == '|';
	has_ptrace = atoi(ptrace) == 0 || (atoi(ptrace) < 3 && !geteuid());
	has_perf = perf[0] && (atoi(perf) < 3 || !geteuid());
	snprintf(text, sizeof(text), "cores %s (%s), gdb -p %s, perf %s",
		 has_core ? "on" : "off", pattern, has_ptrace ? "on" : "off",
		 has_perf ? "on" : "off");
	return trp_finding_say(
		has_core && has_ptrace && has_perf ? TRP_FINDING_FINE
						   : TRP_FINDING_WORSE,
		"tools", text,
		"`ulimit -c unlimited`; sysctl kernel.yama.ptrace_scope=0, "
		"kernel.perf_event_paranoid=2");
}

/* Those that were built, and those whose library this machine lacks. */
static void list_parts(void)
{
	static const struct {
		const char *package, *file, *loss, *install;
	} part[] = {
		{ "jansson", LIBRARY_JANSSON, "no JSON", "libjansson-dev" },
		{ "libcbor", LIBRARY_LIBCBOR, "nodes do not write CBOR",
		  "libcbor-dev" },
		{ "msgpack", LIBRARY_MSGPACK, "no --beacon serf://",
		  "libmsgpack-dev" },
		{ "libmosquitto", LIBRARY_LIBMOSQUITTO, "no --beacon mqtt://",
		  "libmosquitto-dev" },
		{ "libnats", LIBRARY_LIBNATS, "no --beacon nats://",
		  "libnats-dev" },
		{ "libcrypto", LIBRARY_LIBCRYPTO, "no sealed frames",
		  "libssl-dev" },
		{ "hiredis", LIBRARY_HIREDIS, "no mailboxes in Redis",
		  "libhiredis-dev" },
		{ "inih", LIBRARY_INIH, "no --config", "libinih-dev" },
		{ "libmicrohttpd", LIBRARY_LIBMICROHTTPD, "no troupe web",
		  "libmicrohttpd-dev" },
		{ "wslay", LIBRARY_WSLAY, "no WebSockets", "libwslay-dev" },
		{ "ncurses", LIBRARY_NCURSESW, "no troupe top",
		  "libncurses-dev" },
	};
	static const char *const nothing = NULL;
	char advice[96];

	printf("ok    %-14s %s jansson liburing protobuf-c\n", "built with",
	       TROUPE_PARTS);
	for (size_t i = 0; i < sizeof(part) / sizeof(part[0]); i++) {
		struct trp_library library = { part[i].file, &nothing, NULL,
					       false };
		bool is_built = *part[i].file;

		if (is_built && trp_library_load(&library) == 0)
			continue;
		snprintf(advice, sizeof(advice), "%s: install %s%s",
			 part[i].loss,
			 is_built ? "the package of that file"
				  : part[i].install,
			 is_built ? "" : " and build again");
		trp_finding_say(TRP_FINDING_WORSE,
				is_built ? "not here" : "built without",
				is_built ? part[i].file : part[i].package,
				advice);
	}
}

/* The buses and codecs of a mesh. */
static enum trp_finding check_mesh(void)
{
	static const char *const codecs[] = { "cbor", "msgpack" };
	char text[160] = "buses:";
	size_t i, length = strlen(text);
	bool has_codec = false;
	const char *kind;

	for (i = 0; (kind = trp_bus_kinds_name(i)); i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length,
					   " %s", kind);
	length += (size_t)snprintf(text + length, sizeof(text) - length,
				   "; codecs:");
	for (i = 0; i < 2; i++) {
		if (!trp_codecs_find(codecs[i]))
			continue;
		length += (size_t)snprintf(text + length, sizeof(text) - length,
					   " %s", codecs[i]);
		has_codec = true;
	}
	if (!has_codec)
		snprintf(text + length, sizeof(text) - length, " none");
	return trp_finding_say(has_codec ? TRP_FINDING_FINE : TRP_FINDING_WORSE,
			       "mesh", text,
			       "--beacon needs a codec: install libcbor-dev or "
			       "libmsgpack-dev and build again");
}

int trp_doctor(int argc, char **argv)
{
	struct trp_mesh_options mesh;
	enum trp_finding worst = TRP_FINDING_FINE, finding;
	enum trp_finding (*const checks[])(
		void) = { check_kernel,	   check_wait,	 check_arena,
			  check_processes, check_memory, check_oom_score,
			  check_memlock,   check_tools,	 check_mesh };

	if (trp_doctor_mesh_options(argc, argv, &mesh) != 0)
		return TRP_ARGUMENTS_USAGE;
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		finding = checks[i]();
		worst = finding > worst ? finding : worst;
	}
	list_parts();
	if (mesh.bus[0]) {
		finding = trp_doctor_mesh_check(&mesh);
		worst = finding > worst ? finding : worst;
	}
	return worst == TRP_FINDING_BROKEN;
}
