/* SPDX-License-Identifier: MIT */
#include "runtime/supervisor/crash.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "runtime/node/log.h"
#include "runtime/node/process.h"
#include "runtime/supervisor/core_file.h"
#include "runtime/supervisor/spawn.h"
#include "runtime/supervisor/supervisor.h"

enum { FRAMES_MOST = 10, PATIENCE_MS = 20000 };

/* ---- whose core it is ---------------------------------------------------- */

/* Names without a pid are used again. */
static bool is_of(const struct trp_crash_note *note, const char *core)
{
	pid_t pid = trp_core_file_pid(core);

	if (!pid || pid == note->pid)
		return true;
	troupe_log(TROUPE_INFO,
		   "%s[%d] left a core, which that of process %d has replaced: "
		   "`sysctl kernel.core_uses_pid=1` gives each its own",
		   note->title, (int)note->pid, (int)pid);
	return false;
}

/* ---- the frames ---------------------------------------------------------- */

/* "#1  0x1234 in boom (x=0) at a.c:12", or without "in": from "boom" on. */
static char *frame_of(char *line)
{
	if (*line++ != '#')
		return NULL;
	line += strspn(line, "0123456789");
	line += strspn(line, " ");
	if (strncmp(line, "0x", 2) == 0) {
		line += strcspn(line, " ");
		line += strspn(line, " ");
	}
	return strncmp(line, "in ", 3) == 0 ? line + 3 : line;
}

/* Those below are of the library, and the same in each actor. */
static bool is_of_library(const char *frame)
{
	return strncmp(frame, "trp_", 4) == 0 ||
	       strstr(frame, ") at runtime/") || strstr(frame, "libtroupe.so");
}

static void log_frames(const struct trp_crash_note *of, char *output)
{
	char text[TRP_LOG_TEXT] = "", *line, *frame;
	size_t used = 0;
	unsigned count = 0;

	while ((line = strsep(&output, "\n")) && count < FRAMES_MOST) {
		frame = frame_of(line);
		if (!frame || !*frame)
			continue;
		if (strncmp(line, "#0 ", 3) == 0) /* gdb says it twice */
			used = count = 0;
		if (count && is_of_library(frame))
			break;
		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 "%s%s", count++ ? " < " : "", frame);
		if (used >= sizeof(text))
			break;
	}
	if (count)
		troupe_log(TROUPE_WARNING, "%s[%d] crashed in %s", of->title,
			   (int)of->pid, text);
}

/* ---- the debugger -------------------------------------------------------- */

static void look_soon(struct trp_supervisor *supervisor);

static void is_done(struct trp_supervisor *supervisor)
{
	struct trp_crash *crash = &supervisor->crash;

	trp_timers_cancel(&supervisor->timers, &crash->patience);
	trp_wait_remove(&supervisor->wait, &crash->output);
	close(crash->output.fd);
	close(crash->debugger);
	crash->debugger = 0;
	crash->text[crash->size] = '\0';
	if (is_of(&crash->of, crash->core))
		log_frames(&crash->of, crash->text);
	look_soon(supervisor);
}

static void on_output(struct trp_watch *watch, uint32_t events)
{
	struct trp_supervisor *supervisor = watch->data;
	struct trp_crash *crash = &supervisor->crash;
	size_t room = sizeof(crash->text) - 1 - crash->size;
	ssize_t size = read(watch->fd, crash->text + crash->size, room);

	if (size > 0)
		crash->size += (size_t)size;
	else if (size == 0 || errno != EAGAIN)
		is_done(supervisor);
	if (size > 0 && (size_t)size == room)
		is_done(supervisor);
}

static int is_late(struct troupe_timer *timer)
{
	struct trp_supervisor *supervisor = timer->data;

	/* The end of its output follows. */
	syscall(SYS_pidfd_send_signal, supervisor->crash.debugger, SIGKILL,
		NULL, 0);
	return 0;
}

/* Neither asks anybody, nor runs what a folder of the user says. */
static pid_t start(const char *core, int output, int *ret_pidfd)
{
	char program[PATH_MAX] = "";
	const char *const gdb[] = { "gdb",   "-q",
				    "-nx",   "-batch",
				    "-iex",  "set debuginfod enabled off",
				    "-iex",  "set auto-load no",
				    "-ex",   "set width 0",
				    "-ex",   "bt 20",
				    program, core,
				    NULL };
	const char *const eu_stack[] = { "eu-stack", "-n", "20",
					 "--core",   core, NULL };
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
	const int fds[3] = { nothing, output, nothing };
	pid_t pid = -ENOENT;

	if (readlink("/proc/self/exe", program, sizeof(program) - 1) > 0)
		pid = trp_process_execute(gdb, NULL, fds, ret_pidfd);
	if (pid == -ENOENT)
		pid = trp_process_execute(eu_stack, NULL, fds, ret_pidfd);
	if (nothing >= 0)
		close(nothing);
	return pid;
}

static void read_frames(struct trp_supervisor *supervisor,
			const struct trp_crash_note *note, const char *core)
{
	struct trp_crash *crash = &supervisor->crash;
	int ends[2], pidfd;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return;
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	snprintf(crash->core, sizeof(crash->core), "%s", core);
	pid = start(core, ends[1], &pidfd);
	close(ends[1]);
	crash->output = (struct trp_watch) { .fd = ends[0],
					     .events = POLLIN,
					     .ready = on_output,
					     .data = supervisor };
	if (pid < 0 || trp_wait_add(&supervisor->wait, &crash->output) < 0) {
		close(ends[0]);
		if (pid > 0) {
			kill(pid, SIGKILL);
			close(pidfd);
		}
		return;
	}
	setpriority(PRIO_PROCESS, (id_t)pid, 10);
	crash->debugger = pidfd;
	crash->of = *note;
	crash->size = 0;
	crash->patience =
		(struct troupe_timer) { .fired = is_late, .data = supervisor };
	trp_timers_start(&supervisor->timers, &crash->patience,
			 troupe_in_ms(PATIENCE_MS));
}

/* ---- the core ------------------------------------------------------------ */

static void log_no_core(const struct trp_crash_note *note, const char *pattern)
{
	struct rlimit limit = { 0 };
	const char *why = "it could not be written: see core(5)";

	getrlimit(RLIMIT_CORE, &limit);
	if (note->is_successor)
		why = "of crashes in succession only the first leaves one";
	else if (limit.rlim_cur == 0)
		why = "`ulimit -c unlimited` (systemd: LimitCORE=infinity) "
		      "before `troupe run` gets one";
	else if (!*pattern)
		why = "kernel.core_pattern is empty";
	troupe_log(TROUPE_INFO, "%s[%d] left no core: %s", note->title,
		   (int)note->pid, why);
}

/* A program has it. */
static void log_piped_core(const struct trp_crash_note *note,
			   const char *pattern)
{
	if (strstr(pattern, "systemd-coredump"))
		troupe_log(
			TROUPE_INFO,
			"%s[%d] left a core: `coredumpctl debug %d` opens it",
			note->title, (int)note->pid, (int)note->pid);
	else
		troupe_log(TROUPE_INFO, "%s[%d] left a core, which has: %s",
			   note->title, (int)note->pid, pattern);
}

static void look_at(struct trp_supervisor *supervisor,
		    const struct trp_crash_note *note)
{
	const struct trp_core_file of = { note->pid, note->signal, note->comm };
	char pattern[PATH_MAX], uses_pid[PATH_MAX], glob[PATH_MAX];
	char path[PATH_MAX];

	trp_core_file_setting("core_pattern", pattern);
	trp_core_file_setting("core_uses_pid", uses_pid);
	if (!note->has_core) {
		log_no_core(note, pattern);
	} else if (pattern[0] == '|') {
		log_piped_core(note, pattern + 1);
	} else if (trp_core_file_glob(pattern, uses_pid[0] == '1', &of, glob) &&
		   trp_core_file_find(glob, path)) {
		if (!is_of(note, path))
			return;
		troupe_log(TROUPE_INFO, "%s[%d] left a core: %s", note->title,
			   (int)note->pid, path);
		read_frames(supervisor, note, path);
	} else {
		troupe_log(TROUPE_INFO,
			   "%s[%d] left a core in its working folder, named by "
			   "kernel.core_pattern: %s",
			   note->title, (int)note->pid, pattern);
	}
}

static int look(struct troupe_timer *timer)
{
	struct trp_supervisor *supervisor = timer->data;
	struct trp_crash *crash = &supervisor->crash;
	struct trp_crash_note note;

	if (!crash->count || crash->debugger)
		return 0;
	note = crash->note[0];
	crash->count--;
	memmove(crash->note, crash->note + 1,
		crash->count * sizeof(crash->note[0]));
	look_at(supervisor, &note);
	look_soon(supervisor);
	return 0;
}

static void look_soon(struct trp_supervisor *supervisor)
{
	struct trp_crash *crash = &supervisor->crash;

	if (!crash->count || crash->debugger || crash->soon.place)
		return;
	crash->soon =
		(struct troupe_timer) { .fired = look, .data = supervisor };
	trp_timers_start(&supervisor->timers, &crash->soon, troupe_in_ms(1));
}

/* ---- an end -------------------------------------------------------------- */

/* Those of which the kernel writes a core: signal(7). */
static bool is_crash(const struct troupe_end *end)
{
	static const int cores[] = { SIGABRT, SIGBUS,  SIGFPE,	SIGILL,
				     SIGQUIT, SIGSEGV, SIGTRAP, SIGSYS };

	for (size_t i = 0; i < sizeof(cores) / sizeof(cores[0]); i++)
		if (end->reason.cause == TROUPE_SIGNAL &&
		    end->reason.code == cores[i])
			return true;
	return false;
}

void trp_crash_note(struct trp_supervisor *supervisor, uint32_t slot,
		    const char *title, const struct troupe_end *end)
{
	const struct trp_child *child = &supervisor->children.child[slot];
	struct trp_crash *crash = &supervisor->crash;
	struct trp_crash_note *note = &crash->note[crash->count];
	int64_t lived_ms = (trp_time_now().ns - child->spawned_at) / 1000000;

	if (!is_crash(end) || crash->count == TRP_CRASH_NOTES)
		return;
	*note = (struct trp_crash_note) {
		.pid = end->pid,
		.signal = end->reason.code,
		.has_core = end->reason.has_core,
		.is_successor = end->incarnation > 0 &&
				lived_ms < trp_supervisor_spawn_core_ms,
	};
	snprintf(note->title, sizeof(note->title), "%s", title);
	snprintf(note->comm, sizeof(note->comm), "%.15s", child->label);
	crash->count++;
	look_soon(supervisor);
}

bool trp_crash_is_busy(const struct trp_supervisor *supervisor)
{
	return supervisor->crash.count || supervisor->crash.debugger;
}

void trp_crash_fini(struct trp_supervisor *supervisor)
{
	struct trp_crash *crash = &supervisor->crash;

	if (!crash->debugger)
		return;
	close(crash->output.fd);
	close(crash->debugger);
	crash->debugger = 0;
}
