/* SPDX-License-Identifier: MIT */
/*
 * The trees: all strategies and restart types, nested three deep, and leaves
 * that put mail aside, skip what they crashed of, or get it again.
 */
#include "runtime/troupe_restart.h"
#include "runtime/troupe_supervise.h"
#include "tests/soak/trees/sheet.h"

enum { GRACE_MS = 60000 };

/* ---- leaves ---------------------------------------------------------------
 */

#define CLASS(of, how, crash)                   \
	static const struct troupe_class of = { \
		.name = #of,                    \
		.service = &trees_service.base, \
		.init = how##_init,             \
		.handlers = how##_handlers,     \
		.mailbox_limit = 8 << 10,       \
		.grace_ms = GRACE_MS,           \
		.at_crash = crash,              \
	}
CLASS(steady, trees, TROUPE_CRASH_AGAIN);
CLASS(skipper, trees, TROUPE_CRASH_SKIP);
CLASS(stasher, trees_stash, TROUPE_CRASH_SKIP);
CLASS(hoarder, trees_stash, TROUPE_CRASH_AGAIN);

static const struct troupe_class selector = { .name = "selector",
					      .init = trees_init,
					      .run = trees_select,
					      .mailbox_limit = 16 << 10,
					      .grace_ms = GRACE_MS };
static const struct troupe_class picker = { .name = "picker",
					    .init = trees_init,
					    .run = trees_select,
					    .mailbox_limit = 16 << 10,
					    .grace_ms = GRACE_MS,
					    .at_crash = TROUPE_CRASH_AGAIN };

/* ---- tables ---------------------------------------------------------------
 */

#define PLACE(of, i, how, type, ...)                                      \
	static Trees__Place of##_##i = {                                  \
		PROTOBUF_C_MESSAGE_INIT(&trees__place__descriptor),       \
		.index = i, .strategy = how, .restart = type, __VA_ARGS__ \
	}
#define CHILD(of, i, what, type, ...)                                        \
	{                                                                    \
		.id = #what #i, .klass = &what, .arguments = &of##_##i.base, \
		.restart = type, __VA_ARGS__                                 \
	}
#define RULES(of, how, most, within_ms, slowest_ms, ...)     \
	static const struct troupe_supervisor of##_rules = { \
		.children = of##_table,                      \
		.strategy = how,                             \
		.intensity = most,                           \
		.period_ms = within_ms,                      \
		.first_ms = 10,                              \
		.last_ms = slowest_ms,                       \
		.quiet_ms = 3000,                            \
		__VA_ARGS__                                  \
	}
#define ABOVE(of, how, ...)                        \
	RULES(of, how, 8, 2000, 300, __VA_ARGS__); \
	static const struct troupe_class of = {    \
		.name = #of,                       \
		.service = &trees_service.base,    \
		.init = trees_init,                \
		.handlers = trees_handlers,        \
		.mailbox_limit = 8 << 10,          \
		.grace_ms = GRACE_MS,              \
		.supervises = &of##_rules,         \
	}

#define AGAIN .is_again = true
#define BOSS  .is_supervisor = true

/* All go together. */
PLACE(band, 0, TROUPE_ONE_FOR_ALL, TROUPE_PERMANENT, AGAIN);
PLACE(band, 1, TROUPE_ONE_FOR_ALL, TROUPE_PERMANENT);
PLACE(band, 2, TROUPE_ONE_FOR_ALL, TROUPE_TRANSIENT);
PLACE(band, 3, TROUPE_ONE_FOR_ALL, TROUPE_TEMPORARY);
static const struct troupe_child_spec band_table[] = {
	CHILD(band, 0, steady, TROUPE_PERMANENT),
	CHILD(band, 1, selector, TROUPE_PERMANENT),
	CHILD(band, 2, skipper, TROUPE_TRANSIENT),
	CHILD(band, 3, stasher, TROUPE_TEMPORARY),
	{ 0 },
};
ABOVE(band, TROUPE_ONE_FOR_ALL);

/* Those that follow go with it; it ends with its last significant child. */
PLACE(queue, 0, TROUPE_REST_FOR_ONE, TROUPE_PERMANENT, AGAIN);
PLACE(queue, 1, TROUPE_REST_FOR_ONE, TROUPE_PERMANENT, BOSS);
PLACE(queue, 2, TROUPE_REST_FOR_ONE, TROUPE_PERMANENT, .is_killed = true);
PLACE(queue, 3, TROUPE_REST_FOR_ONE, TROUPE_TRANSIENT, AGAIN);
static const struct troupe_child_spec queue_table[] = {
	CHILD(queue, 0, hoarder, TROUPE_PERMANENT),
	CHILD(queue, 1, band, TROUPE_PERMANENT),
	CHILD(queue, 2, skipper, TROUPE_PERMANENT, .is_killed = true),
	CHILD(queue, 3, picker, TROUPE_TRANSIENT, .is_significant = true),
	{ 0 },
};
ABOVE(queue, TROUPE_REST_FOR_ONE, .auto_shutdown = TROUPE_ALL_SIGNIFICANT);

/* None is restarted. */
PLACE(crew, 0, TROUPE_NONE_FOR_ONE, TROUPE_PERMANENT, AGAIN);
PLACE(crew, 1, TROUPE_NONE_FOR_ONE, TROUPE_PERMANENT);
static const struct troupe_child_spec crew_table[] = {
	CHILD(crew, 0, steady, TROUPE_PERMANENT),
	CHILD(crew, 1, stasher, TROUPE_PERMANENT),
	{ 0 },
};
ABOVE(crew, TROUPE_NONE_FOR_ONE, .is_parallel = true);

PLACE(hall, 0, TROUPE_ONE_FOR_ONE, TROUPE_PERMANENT, AGAIN, .is_limited = true);
PLACE(hall, 1, TROUPE_ONE_FOR_ONE, TROUPE_PERMANENT, BOSS);
PLACE(hall, 2, TROUPE_ONE_FOR_ONE, TROUPE_TRANSIENT);
PLACE(hall, 3, TROUPE_ONE_FOR_ONE, TROUPE_TEMPORARY, AGAIN);
static const struct troupe_child_spec hall_table[] = {
	CHILD(hall, 0, steady, TROUPE_PERMANENT, .start_ms = 3000),
	CHILD(hall, 1, crew, TROUPE_PERMANENT),
	CHILD(hall, 2, selector, TROUPE_TRANSIENT),
	CHILD(hall, 3, picker, TROUPE_TEMPORARY),
	{ 0 },
};
ABOVE(hall, TROUPE_ONE_FOR_ONE);

/* ---- tops -----------------------------------------------------------------
 */

PLACE(one, 0, TROUPE_ONE_FOR_ONE, TROUPE_PERMANENT);
PLACE(one, 1, TROUPE_ONE_FOR_ONE, TROUPE_PERMANENT, BOSS);
PLACE(one, 2, TROUPE_ONE_FOR_ONE, TROUPE_TRANSIENT, BOSS);
PLACE(one, 3, TROUPE_ONE_FOR_ONE, TROUPE_PERMANENT, BOSS);
static const struct troupe_child_spec one_table[] = {
	CHILD(one, 0, skipper, TROUPE_PERMANENT),
	CHILD(one, 1, queue, TROUPE_PERMANENT),
	CHILD(one, 2, hall, TROUPE_TRANSIENT),
	CHILD(one, 3, band, TROUPE_PERMANENT),
	{ 0 },
};
PLACE(all, 0, TROUPE_ONE_FOR_ALL, TROUPE_PERMANENT, BOSS);
PLACE(all, 1, TROUPE_ONE_FOR_ALL, TROUPE_PERMANENT, BOSS);
PLACE(all, 2, TROUPE_ONE_FOR_ALL, TROUPE_PERMANENT, AGAIN);
static const struct troupe_child_spec all_table[] = {
	CHILD(all, 0, hall, TROUPE_PERMANENT),
	CHILD(all, 1, band, TROUPE_PERMANENT),
	CHILD(all, 2, hoarder, TROUPE_PERMANENT),
	{ 0 },
};
PLACE(rest, 0, TROUPE_REST_FOR_ONE, TROUPE_PERMANENT);
PLACE(rest, 1, TROUPE_REST_FOR_ONE, TROUPE_PERMANENT, BOSS);
PLACE(rest, 2, TROUPE_REST_FOR_ONE, TROUPE_PERMANENT, BOSS);
static const struct troupe_child_spec rest_table[] = {
	CHILD(rest, 0, selector, TROUPE_PERMANENT),
	CHILD(rest, 1, queue, TROUPE_PERMANENT),
	CHILD(rest, 2, hall, TROUPE_PERMANENT),
	{ 0 },
};

RULES(one, TROUPE_ONE_FOR_ONE, 6, 3000, 500);
RULES(all, TROUPE_ONE_FOR_ALL, 6, 3000, 500);
RULES(rest, TROUPE_REST_FOR_ONE, 6, 3000, 500);

#define TOP_CLASS(of, restarts)                                 \
	{                                                       \
		.name = #of, .service = &trees_service.base,    \
		.init = trees_init, .handlers = trees_handlers, \
		.mailbox_limit = 8 << 10, .grace_ms = GRACE_MS, \
		.restart = restarts, .supervises = &of##_rules, \
	}
const struct troupe_class trees_top[TOPS] = {
	TOP_CLASS(one, TROUPE_RESTART_ALWAYS),
	TOP_CLASS(all, TROUPE_RESTART_CRASHED),
	TOP_CLASS(rest, TROUPE_RESTART_NEVER),
	TOP_CLASS(one, TROUPE_RESTART_NEVER),
};

/* ---- what is added --------------------------------------------------------
 */

PLACE(added, 10, 0, TROUPE_PERMANENT, .is_added = true);
PLACE(added, 11, 0, TROUPE_TRANSIENT, AGAIN, .is_added = true);
PLACE(added, 12, 0, TROUPE_TEMPORARY, .is_added = true);
const struct troupe_child_spec trees_added[] = {
	CHILD(added, 10, skipper, TROUPE_PERMANENT),
	CHILD(added, 11, picker, TROUPE_TRANSIENT),
	CHILD(added, 12, stasher, TROUPE_TEMPORARY),
};
