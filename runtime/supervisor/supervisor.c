/* SPDX-License-Identifier: MIT */
#include "runtime/supervisor/supervisor.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>
#include "ipc/arena_fit.h"
#include "ipc/mailbox_receive.h"
#include "ipc/runtime_dir.h"
#include "ipc/wake_socket.h"
#include "runtime/node/continued.h"
#include "runtime/node/dead_letter.h"
#include "runtime/node/limit.h"
#include "runtime/node/log.h"
#include "runtime/node/trace.h"
#include "runtime/node/types.h"
#include "runtime/node/wake_failure.h"
#include "runtime/supervisor/asleep.h"
#include "runtime/supervisor/control_requests.h"
#include "runtime/supervisor/exit.h"
#include "runtime/supervisor/notify.h"
#include "runtime/supervisor/reaper.h"
#include "runtime/supervisor/requests.h"
#include "runtime/supervisor/revival.h"
#include "runtime/supervisor/spawn.h"
#include "runtime/supervisor/stop.h"
#include "runtime/supervisor/watchdog.h"

enum { STATUS_OK = 0, STATUS_FAILED = 1, STATUS_USAGE = 2 };
enum { STARTS_MOST = 32 }; /* under way at a time, of those that had ended */

/* ---- events -------------------------------------------------------------- */

/* The first stops the node in order, a second one kills it. */
static void end_signal(struct trp_supervisor *supervisor)
{
	if (!trp_supervisor_stop_is_repeated(supervisor)) {
		trp_supervisor_stop_node(supervisor);
		return;
	}
	supervisor->error = -EINTR;
	trp_reaper_kill(supervisor);
}

/*
 * The descriptor does not say whose end it is unless it comes with SIGCHLD.
 * Signals that are left are reported again.
 */
static void on_signal(struct trp_watch *watch, uint32_t events)
{
	enum { MOST = 64 };
	struct trp_supervisor *supervisor = watch->data;
	const struct timespec at_once = { 0 };
	siginfo_t info;

	for (int i = 0; i < MOST; i++) {
		int number = sigtimedwait(&supervisor->heeded, &info, &at_once);

		if (number < 0)
			return;
		if (number == SIGHUP && trp_module_reload(supervisor))
			continue;
		if (number != SIGCHLD && number != supervisor->end_signal) {
			end_signal(supervisor);
			continue;
		}
		trp_reaper_ended(supervisor, info.si_pid);
		if (number == SIGCHLD)
			trp_reaper_walk(supervisor);
	}
}

static void on_births(struct trp_watch *watch, uint32_t events)
{
	trp_reaper_births(watch->data);
	trp_supervisor_spawn_flush(watch->data);
}

/* ---- the node's life ----------------------------------------------------- */

static bool is_ignored(int number)
{
	struct sigaction action;

	return sigaction(number, NULL, &action) == 0 &&
	       action.sa_handler == SIG_IGN;
}

/*
 * Inherited dispositions and masks; README.md says why.  Ends of actors come
 * with a signal of which each is queued, where a queue is allowed.
 */
enum { QUEUE_LEAST = 1024 };

static void settle_signals(struct trp_supervisor *supervisor)
{
	sigset_t *heeded = &supervisor->heeded, ends;
	struct rlimit queue = { 0 };

	getrlimit(RLIMIT_SIGPENDING, &queue);
	supervisor->end_signal =
		queue.rlim_cur >= QUEUE_LEAST ? SIGRTMIN : SIGCHLD;
	sigemptyset(&ends);
	sigaddset(&ends, supervisor->end_signal);
	sigprocmask(SIG_SETMASK, &ends, NULL);
	signal(SIGCHLD, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGTTOU, SIG_IGN);
	trp_continued_begin();
	*heeded = ends;
	sigaddset(heeded, SIGCHLD);
	sigaddset(heeded, SIGINT);
	sigaddset(heeded, SIGTERM);
	if (!is_ignored(SIGHUP)) /* nohup(1) is to have its way */
		sigaddset(heeded, SIGHUP);
}

static int watch_signals(struct trp_supervisor *supervisor)
{
	const sigset_t *heeded = &supervisor->heeded;

	if (sigprocmask(SIG_BLOCK, heeded, NULL) < 0)
		return -errno;
	supervisor->signals = (struct trp_watch) {
		.fd = signalfd(-1, heeded, SFD_CLOEXEC | SFD_NONBLOCK),
		.events = POLLIN,
		.ready = on_signal,
		.data = supervisor,
	};
	if (supervisor->signals.fd < 0)
		return -errno;
	return trp_wait_add(&supervisor->wait, &supervisor->signals);
}

static int watch_births(struct trp_supervisor *supervisor)
{
	supervisor->births = (struct trp_watch) {
		.fd = supervisor->zygote.births,
		.events = POLLIN,
		.ready = on_births,
		.data = supervisor,
	};
	return trp_wait_add(&supervisor->wait, &supervisor->births);
}

static int choose_wait(struct trp_node *node)
{
	char why[160];
	int r = trp_wait_probe(&node->wait, why);

	if (r == 0 && !trp_spin_is_mode(getenv("TROUPE_SPIN"))) {
		snprintf(why, sizeof(why),
			 "TROUPE_SPIN=%.40s is none of auto, always, never",
			 getenv("TROUPE_SPIN"));
		r = -EINVAL;
	}
	if (r < 0) {
		fprintf(stderr, "troupe: %s\n", why);
		return r;
	}
	if (getrandom(&node->identity, sizeof(node->identity), 0) !=
	    sizeof(node->identity))
		return -EIO;
	trp_wake_socket_set_node(node->identity);
	return 0;
}

static int make_arena(struct trp_node *node, const struct trp_options *options)
{
	uint32_t slots = options->slots ? options->slots : TRP_SLOTS_MAX;
	uint64_t heap = options->heap_size;
	uint64_t least = (uint64_t)slots * TRP_ARENA_FIT_HEAP_FOR_A_SLOT;
	int r;

	if (heap && heap < least) {
		fprintf(stderr,
			"troupe: a heap of %llu KiB is too small for %u "
			"actors: 4 KiB for each are needed; try --slots %llu\n",
			(unsigned long long)heap / 1024, slots,
			(unsigned long long)heap /
				TRP_ARENA_FIT_HEAP_FOR_A_SLOT);
		return -EINVAL;
	}
	r = trp_arena_fit(&node->arena, options->slots, heap);
	if (r == -ENOMEM || r == -EFBIG)
		fprintf(stderr,
			"troupe: no address space for the memory of actors: "
			"%s; try smaller --slots or --heap, or raise "
			"`ulimit -%c`\n",
			strerror(-r), r == -EFBIG ? 'f' : 'v');
	else if (r < 0)
		fprintf(stderr, "troupe: no memory for actors: %s\n",
			trp_limit_text(r));
	else if (!options->slots && node->arena.slots < slots)
		fprintf(stderr,
			"troupe: address space for %u actors with %llu MiB of "
			"heap each, no more; see `ulimit -v`\n",
			node->arena.slots,
			(unsigned long long)node->arena.heap_size >> 20);
	return r;
}

static int open_trace(struct trp_node *node, const struct trp_options *options)
{
	int r = options->trace[0]
			? trp_trace_open(options->trace, options->trace_rate)
			: 0;

	if (r == 0)
		return 0;
	fprintf(stderr, "troupe: cannot write the trace to %s: %s\n",
		options->trace, trp_limit_text(r));
	trp_log_ring_begin(NULL);
	trp_arena_fini(&node->arena);
	return -EINVAL;
}

static void close_trace(const struct trp_options *options)
{
	int r = trp_trace_close();

	if (r < 0)
		fprintf(stderr, "troupe: the trace in %s is not whole: %s\n",
			options->trace, strerror(-r));
}

/* When memory runs out actors go first, as all depend on the supervisor. */
static void be_spared(struct trp_node *node)
{
	int score = trp_oom_score_get();

	trp_oom_score_text(TRP_OOM_SCORE_SUPERVISOR, node->oom_score);
	/* If that is refused (troupe doctor), it is unchanged. */
	if (score > TRP_OOM_SCORE_SUPERVISOR)
		trp_oom_score_set(node->oom_score);
	trp_oom_score_text(score + TRP_OOM_SCORE_ACTOR, node->oom_score);
}

/* It names this run to other nodes.  One that was set stays. */
static int choose_number(const struct trp_options *options)
{
	enum { NUMBERS = (1 << 24) - 2 };
	uint32_t random;

	if (!options->mesh.bus[0] ||
	    trp_ref_node(trp_ref_here) != TRP_NODE_ALONE)
		return 0;
	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return -EIO;
	return trp_ref_set_here(TRP_NODE_ALONE + 1 + random % NUMBERS);
}

/* Before the fork of the zygote: sets what every process inherits. */
static int prepare(struct trp_supervisor *supervisor,
		   const struct trp_options *options,
		   const struct trp_module *const *modules)
{
	struct trp_node *node = &supervisor->node;
	int r;

	node->argc = options->argc;
	node->argv = options->argv;
	node->main = options->main;
	node->options = options;
	node->supervisor = getpid();
	be_spared(node);
	if (node->main || !realpath(node->argv[0], supervisor->application))
		supervisor->application[0] = '\0';
	r = choose_wait(node);
	if (r == 0)
		r = choose_number(options);
	if (r == 0)
		r = trp_types_begin();
	if (r == 0)
		r = trp_module_begin(supervisor, modules);
	trp_handling_is_timed = options->is_timed;
	if (r == 0)
		r = trp_totals_init(&supervisor->totals, options->metrics);
	if (r == 0)
		r = make_arena(node, options);
	if (r < 0)
		return r;
	trp_log_ring_begin(trp_arena_board(&node->arena));
	trp_log_ring_set_level(options->log.level);
	return open_trace(node, options);
}

static int tidy(struct troupe_timer *timer)
{
	struct trp_supervisor *supervisor = timer->data;

	trp_mailbox_receive_rescan(&supervisor->mailbox);
	trp_mailbox_tidy(&supervisor->mailbox);
	trp_region_cool(&supervisor->mailbox.region);
	trp_scratch_cool(&supervisor->scratch);
	trp_memory_budget_tidy(&supervisor->mailbox.region.budget);
	trp_reaper_walk(supervisor);
	trp_log_catch_up();
	return 0;
}

/* As an actor does when it has nothing else to do. */
static int start_tidying(struct trp_supervisor *supervisor)
{
	enum { EVERY_MS = 30 * 1000 };

	supervisor->tidying = (struct troupe_timer) {
		.fired = tidy,
		.data = supervisor,
		.period_ns = EVERY_MS * INT64_C(1000000),
	};
	return trp_timers_start(&supervisor->timers, &supervisor->tidying,
				troupe_in_ms(EVERY_MS));
}

/* Without a mesh from 1 on; else another run of this number is a stranger. */
static int begin_generations(struct trp_child_table *children)
{
	uint32_t random;

	if (trp_ref_node(trp_ref_here) == TRP_NODE_ALONE)
		return 0;
	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return -EIO;
	trp_child_begin_at(children, 1 + random % TRP_GENERATION_LAST);
	return 0;
}

/* After it: sets what only the supervisor has. */
static int set_up(struct trp_supervisor *supervisor)
{
	struct trp_arena *arena = &supervisor->node.arena;
	int r;

	trp_log_never_wait();
	r = trp_arena_enter(arena, TRP_SLOT_SUPERVISOR);
	if (r < 0)
		return r;
	trp_arena_assign(arena, TRP_SLOT_SUPERVISOR, TRP_SLOT_SUPERVISOR, 1, 0);
	trp_store_release(&trp_arena_slot(arena, TRP_SLOT_SUPERVISOR)->life,
			  trp_life(1, 0, TRP_LIVE));
	r = trp_mailbox_init(&supervisor->mailbox, arena, TRP_SLOT_SUPERVISOR,
			     1, TRP_LIMIT_MAX);
	if (r < 0)
		return r;
	trp_wake_failure_begin(&supervisor->unwoken);
	if (supervisor->node.wait != TRP_WAIT_URING)
		r = trp_wake_socket_begin(TRP_SLOT_SUPERVISOR);
	if (r < 0)
		return r;
	trp_wait_init(&supervisor->wait, supervisor->node.wait,
		      supervisor->mailbox.doorbell,
		      &supervisor->mailbox.front->sleeping,
		      TRP_SLOT_SUPERVISOR);
	trp_asleep_init(supervisor);
	trp_scratch_init(&supervisor->scratch, 0);
	trp_dead_letter_begin(&supervisor->mailbox, &supervisor->timers, NULL);
	trp_restart_policy_init(&supervisor->restarting, STARTS_MOST);
	supervisor->sweep.fired = trp_exit_sweep;
	supervisor->sweep.data = supervisor;
	r = trp_child_init(&supervisor->children, arena->slots);
	if (r == 0)
		r = begin_generations(&supervisor->children);
	if (r == 0)
		r = trp_slot_memory_init(supervisor);
	if (r == 0)
		r = watch_signals(supervisor);
	if (r == 0)
		r = watch_births(supervisor);
	if (r == 0)
		r = start_tidying(supervisor);
	return r;
}

static void warn_of_folder(int r)
{
	char folder[PATH_MAX] = "its folder";
	const char *advice = trp_limit_advice(r);

	trp_runtime_dir_find(folder, sizeof(folder));
	troupe_log(TROUPE_WARNING,
		   "no control socket in %s (%s), so `troupe ps` and guests "
		   "cannot find this node; %s",
		   folder,
		   r == -EPERM ? "not private to this user" : strerror(-r),
		   advice ? advice : "set XDG_RUNTIME_DIR to another folder");
}

/* A node without a control socket is better than none. */
static int open_control(struct trp_supervisor *supervisor, const char *node)
{
	int r = trp_control_server_open(supervisor, node,
					trp_control_requests_ask);

	if (r == -EADDRINUSE)
		fprintf(stderr,
			"troupe: a node called %s is running already; give "
			"this one another --node NAME\n",
			node);
	else if (r < 0)
		warn_of_folder(r);
	return r == -EADDRINUSE ? r : 0;
}

static void fire_timers(struct trp_supervisor *supervisor)
{
	struct troupe_time now = troupe_now();
	struct troupe_timer *timer;

	while ((timer = trp_timers_due(&supervisor->timers, now)))
		timer->fired(timer);
	trp_revival_due(supervisor);
}

static struct troupe_time next_timer(const struct trp_supervisor *supervisor)
{
	struct troupe_time next = trp_timers_next(&supervisor->timers);
	struct troupe_time restart =
		trp_restart_policy_next(&supervisor->restarting);

	return restart.ns < next.ns ? restart : next;
}

static int turn(struct trp_supervisor *supervisor)
{
	enum { MOST = 256 }; /* requests between checks of everything else */
	struct troupe_time next, flush;

	for (int i = 0; i < MOST && trp_supervisor_requests_turn(supervisor);
	     i++)
		;
	fire_timers(supervisor);
	if (!trp_mailbox_receive_is_empty(&supervisor->mailbox, TRP_TAKE_ALL))
		return trp_wait_poll(&supervisor->wait);
	next = next_timer(supervisor);
	flush = trp_trace_flush_at();
	if (flush.ns <= troupe_now().ns)
		trp_trace_flush();
	else if (flush.ns < next.ns)
		next = flush;
	return trp_wait_sleep(&supervisor->wait, (struct trp_time) { next.ns });
}

/* Also of the root: then nothing else is waited for, unless a user wants it. */
static bool has_crash_to_tell(const struct trp_supervisor *supervisor)
{
	return !supervisor->signalled_at && !supervisor->error &&
	       trp_crash_is_busy(supervisor);
}

/* All are gone, or go when told. */
static int live(struct trp_supervisor *supervisor,
		const struct trp_options *options)
{
	int r = trp_supervisor_spawn_root(supervisor);

	if (r == 0)
		r = trp_module_open(supervisor, options);
	while (r >= 0 &&
	       (supervisor->children.alive > supervisor->guests ||
		has_crash_to_tell(supervisor)) &&
	       !supervisor->is_given_up) {
		if (!supervisor->root && !supervisor->is_ending)
			trp_supervisor_stop_node(supervisor);
		r = turn(supervisor);
	}
	return r;
}

static void tear_down(struct trp_supervisor *supervisor)
{
	trp_control_server_close(supervisor);
	trp_crash_fini(supervisor);
	trp_supervisor_guest_close(supervisor);
	trp_wait_fini(&supervisor->wait);
	if (supervisor->signals.fd > 0)
		close(supervisor->signals.fd);
	trp_module_close(supervisor);
	free(supervisor->orders);
	trp_exit_history_fini(&supervisor->exit_history);
	trp_registry_fini(&supervisor->registry);
	trp_groups_fini(&supervisor->groups);
	trp_watchdog_fini(supervisor);
	trp_timers_fini(&supervisor->timers);
	trp_restart_policy_fini(&supervisor->restarting);
	trp_child_fini(&supervisor->children);
	trp_slot_memory_fini(supervisor);
	trp_scratch_fini(&supervisor->scratch);
	trp_mailbox_fini(&supervisor->mailbox);
	trp_log_ring_begin(NULL);
	trp_arena_fini(&supervisor->node.arena);
}

static int verdict(const struct trp_supervisor *supervisor, int r)
{
	const struct troupe_end *root = &supervisor->root_end;
	char text[256];

	if (r == -EADDRINUSE)
		return STATUS_USAGE;
	if (r < 0) {
		fprintf(stderr, "troupe: the supervisor failed: %s\n",
			trp_limit_text(r));
		return STATUS_FAILED;
	}
	if (supervisor->error < 0)
		return STATUS_FAILED;
	if (root->reason.cause == TROUPE_NORMAL ||
	    root->reason.cause == TROUPE_SHUTDOWN)
		return STATUS_OK;
	/* Its own status, by exit(3): it has logged the reason, or need not. */
	if (root->reason.cause == TROUPE_ERROR && root->reason.code > 0)
		return root->reason.code;
	trp_log_complain(": %s ended: %s", supervisor->node.argv[0],
			 troupe_reason_text(&root->reason, text, sizeof(text)));
	return STATUS_FAILED;
}

static int run(struct trp_supervisor *supervisor,
	       const struct trp_options *options,
	       const struct trp_module *const *modules)
{
	struct trp_loaded loaded = { 0 };
	siginfo_t child;
	int r;

	trp_log_set_title("supervisor");
	trp_log_begin(&options->log);
	settle_signals(supervisor);
	supervisor->had_children =
		waitid(P_ALL, 0, &child, WEXITED | WNOHANG | WNOWAIT) == 0;
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	r = prepare(supervisor, options, modules);
	if (r < 0)
		return r == -EINVAL ? STATUS_USAGE : STATUS_FAILED;
	r = trp_zygote_start(&supervisor->zygote, &supervisor->node,
			     supervisor->end_signal, &loaded);
	if (r < 0) {
		trp_log_complain(": cannot load %s: %s", options->argv[0],
				 loaded.why);
		trp_reaper_end(supervisor);
		close_trace(options);
		trp_log_ring_begin(NULL);
		trp_arena_fini(&supervisor->node.arena);
		return r == -ENOEXEC || r == -ENOTSUP ? STATUS_USAGE
						      : STATUS_FAILED;
	}
	supervisor->has_zygote = true;
	r = set_up(supervisor);
	if (r == 0)
		r = open_control(supervisor, options->node);
	if (r == 0)
		r = live(supervisor, options);
	supervisor->is_ending = true;
	trp_zygote_stop(&supervisor->zygote);
	trp_reaper_end(supervisor);
	close_trace(options);
	trp_dead_letter_end();
	trp_log_catch_up();
	r = verdict(supervisor, r);
	tear_down(supervisor);
	return r;
}

int trp_supervisor_run(const struct trp_options *options,
		       const struct trp_module *const *modules)
{
	static struct trp_supervisor supervisor;
	int r = run(&supervisor, options, modules);

	trp_totals_fini(&supervisor.totals);
	/* Not before: each fork would copy its pages, 100 KiB. */
	memset(&supervisor, 0, sizeof(supervisor));
	return r;
}
