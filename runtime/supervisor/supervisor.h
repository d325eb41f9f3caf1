/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The supervisor: slot 0 of its node, parent of every process in it.  It
 * assigns slots, orders processes from the zygote, answers requests, reaps,
 * reports, and ends the node in order.  It blocks only in its one sleep, and
 * drops no message: its lanes to actors have no limit, and grow in its own
 * region.
 */

#include <limits.h>
#include <signal.h>
#include "ipc/mailbox.h"
#include "runtime/node/log.h"
#include "runtime/node/node.h"
#include "runtime/supervisor/child.h"
#include "runtime/supervisor/control_server.h"
#include "runtime/supervisor/crash.h"
#include "runtime/supervisor/exit_history.h"
#include "runtime/supervisor/guest.h"
#include "runtime/supervisor/module.h"
#include "runtime/supervisor/groups.h"
#include "runtime/supervisor/registry.h"
#include "runtime/supervisor/restart_policy.h"
#include "runtime/supervisor/slot_memory.h"
#include "runtime/supervisor/totals.h"
#include "runtime/supervisor/tracing.h"
#include "runtime/zygote/zygote.h"
#include "serialize/scratch.h"

/* An actor that is not restarted any more. */
struct trp_given_up {
	char title[TRP_TITLE_SIZE];
	struct troupe_end end;
};
enum { TRP_GIVEN_UP = 16 };

struct trp_supervisor {
	struct trp_tracing tracing;
	struct trp_node node;
	struct trp_zygote zygote;
	struct trp_mailbox mailbox;
	struct trp_wait wait;
	struct trp_scratch scratch;
	struct trp_child_table children;
	struct trp_registry registry;
	struct trp_exit_history exit_history;
	struct trp_totals totals;
	struct trp_timers timers;
	struct troupe_timer tidying;
	sigset_t heeded; /* signals */
	struct trp_watch signals, births;
	struct trp_control_server control;
	struct trp_guest *guest;    /* the first */
	_Atomic uint64_t unwoken;   /* its own wakes that failed */
	uint32_t guests;	    /* alive; they do not keep the node alive */
	char application[PATH_MAX]; /* its absolute path, or "" */
	struct trp_order *orders;   /* that wait for room in the pipe */
	size_t order_count, order_room;
	uint64_t ordered, born;	     /* so many: orders written, births read */
	struct trp_unknown *unknown; /* reaped before their birth was told */
	struct trp_look {	     /* for what the dead have left behind */
		struct troupe_timer timer;
		int64_t after;
		int list;	  /* of our children, while it is read; or 0 */
		bool is_outdated; /* somebody has ended since it was opened */
	} look;
	struct troupe_timer walk; /* over all children */
	int64_t walk_after;
	int end_signal;		   /* of actors and the zygote */
	bool had_children;	   /* before it was a supervisor */
	struct troupe_timer sweep; /* over the slots of the dead */
	uint32_t dead;		   /* a slot that is not released yet; or 0 */
	uint64_t rung[TRP_SLOTS_MAX / 64]; /* asleep.h: to be looked at, */
	struct troupe_timer look_at_rung;  /* then */
	uint32_t former; /* a slot with regions of former incarnations */
	int64_t sweep_ms;
	struct troupe_timer watchdog; /* its ticks */
	struct trp_watched *watched;  /* the first actor of them */
	struct trp_slot_memory slot_memory;
	uint32_t root; /* slot, or 0 once it is dead */
	struct troupe_end root_end;
	struct trp_groups groups;
	struct trp_crash crash;
	uint64_t deaths; /* see struct trp_child, taken_by */
	struct trp_restart_table restarting;
	struct trp_given_up given_up[TRP_GIVEN_UP]; /* the latest */
	uint64_t given_up_count;
	struct trp_module_entry modules[TRP_MODULES + 1];
	bool is_ending;
	bool is_given_up; /* killed, but some have not exited */
	bool is_over;	  /* no actor is left */
	struct troupe_timer giving_up;
	bool has_zygote;
	int64_t full_at;      /* when a lack of slots was last logged */
	int64_t signalled_at; /* the first signal to end; 0: none yet */
	int error;	      /* of the supervisor itself */
};

/*
 * Runs a node until it has ended, with these modules (a list that ends with
 * NULL).  Returns the exit status of `troupe run`: 0, 1 or 2 (troupe(1)); it
 * has printed the reason.
 */
int trp_supervisor_run(const struct trp_options *options,
		       const struct trp_module *const *modules);
