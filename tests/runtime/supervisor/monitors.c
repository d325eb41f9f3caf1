/* SPDX-License-Identifier: MIT */
/* Monitors.  Numbers such as C92 are those of the cases in tests/README.md. */
#include "runtime/troupe_ends.h"
#include "runtime/troupe_link.h"
#include "tests/runtime/supervisor/revival_kit.h"

enum { LONG_MS = 60000, NOBODY = 0x1000123 };

static int fails_at_once(const void *arguments)
{
	return -EDOM;
}

/* The next end that is reported to this function by a monitor. */
static bool by_monitor(const struct troupe_message *message, void *data)
{
	const struct troupe_end *end = message->body;
	const uint64_t *monitor = data;

	return end->monitor && (!*monitor || end->monitor == *monitor);
}

static struct troupe_end next_down(uint64_t monitor, int64_t ms)
{
	const struct troupe_pattern pattern = {
		.type = &troupe__end__descriptor,
		.matches = by_monitor,
		.data = &monitor
	};
	struct troupe_message message;
	struct troupe_end end = { 0 };

	if (troupe_receive(&pattern, 1, troupe_in_ms(ms), &message) == 0)
		end = *(const struct troupe_end *)message.body;
	return end;
}

static bool has_down(void)
{
	return next_down(0, 0).ref != 0;
}

static int number_root(int argc, char **argv)
{
	uint64_t monitor[4];
	troupe_ref ref;
	int i;

	CHECK(troupe_spawn_function(stage_idle, NULL, &ref) == 0); /* C92 */
	for (i = 0; i < 4; i++)
		CHECK(troupe_monitor(ref, &monitor[i]) == 0);
	CHECK(troupe_demonitor(monitor[2]) == 0); /* C93 */
	CHECK(troupe_demonitor(monitor[2]) == 0);
	CHECK(stage_send(ref, 0) == 0);
	for (i = 0; i < 4; i++) {
		struct troupe_end end = { .monitor = monitor[2] };

		if (i != 2)
			end = next_down(monitor[i], LONG_MS);
		CHECK(end.monitor == monitor[i]);
		CHECK(end.reason.cause == TROUPE_NORMAL); /* C90 */
	}
	CHECK(!has_down());
	CHECK(troupe_monitor(ref, &monitor[0]) == 0); /* it is known of what */
	CHECK(next_down(monitor[0], LONG_MS).reason.cause == TROUPE_NORMAL);
	CHECK(troupe_monitor(NOBODY, &monitor[0]) == 0);
	CHECK(next_down(monitor[0], LONG_MS).reason.cause == TROUPE_NOPROC);
	CHECK(troupe_spawn_function(fails_at_once, NULL, &ref) == 0);
	CHECK(troupe_monitor(ref, &monitor[0]) == 0);
	CHECK(next_down(monitor[0], LONG_MS).reason.code == -EDOM);
	CHECK(!has_down());
	return 0;
}

Test(monitors, are_counted_and_each_report_names_its_own)
{
	stage_pass(number_root);
}

/* ---- taken back ---------------------------------------------------------- */

static int takes_back(const void *arguments)
{
	const Play__Who *who = arguments;

	CHECK(troupe_monitor(troupe_parent(), NULL) == 0);
	CHECK(troupe_demonitor((uint64_t)who->count) == -EINVAL);
	return 0;
}

static int owner_root(int argc, char **argv)
{
	Play__Who who = PLAY__WHO__INIT;
	uint64_t monitor;
	troupe_ref ref, other;

	CHECK(troupe_spawn_function(stage_idle, NULL, &ref) == 0);
	CHECK(troupe_monitor(ref, &monitor) == 0);
	who.count = (int64_t)monitor; /* C93 */
	CHECK(troupe_spawn_function(takes_back, &who.base, &other) == 0);
	stage_end_of(other);
	CHECK(troupe_demonitor(0) == -EINVAL);
	CHECK(troupe_demonitor(UINT64_MAX) == -EINVAL);
	CHECK(stage_send(ref, 0) == 0);
	CHECK(next_down(monitor, LONG_MS).ref == ref);
	return 0;
}

Test(monitors, of_another_actor_cannot_be_taken_back)
{
	stage_pass(owner_root);
}

enum { AT_ONCE = 100, ROUNDS = 20 };

static int flush_root(int argc, char **argv)
{
	troupe_ref ref[AT_ONCE];
	uint64_t monitor[AT_ONCE];
	int round, i;

	for (round = 0; round < ROUNDS; round++) { /* C94, C95 */
		for (i = 0; i < AT_ONCE; i++) {
			CHECK(troupe_spawn_function(fails_at_once, NULL,
						    &ref[i]) == 0);
			CHECK(troupe_monitor(ref[i], &monitor[i]) == 0);
		}
		for (i = 0; i < AT_ONCE; i++) {
			if (i % 4 == 0)
				stage_end_of(ref[i]);
			CHECK(troupe_demonitor(monitor[i]) == 0);
		}
		CHECK(!has_down());
		for (i = 0; i < AT_ONCE; i++)
			stage_end_of(ref[i]);
		CHECK(!has_down());
	}
	return 0;
}

Test(monitors, that_are_taken_back_bring_no_report_whatever_was_first,
     .timeout = 600)
{
	stage_pass(flush_root);
}

/* Two ends of one that is restarted are two reports of one monitor. */
static int restarted_root(int argc, char **argv)
{
	troupe_ref ref = spawn(&counter);
	uint64_t monitor;
	int64_t before = ask_which(ref);

	CHECK(troupe_monitor(ref, &monitor) == 0);
	for (int i = 1; i <= 3; i++) {
		CHECK(stage_send(ref, CRASH) == 0);
		CHECK(ask_which(ref) == before + i);
	}
	CHECK(troupe_demonitor(monitor) == 0);
	CHECK(!has_down());
	return 0;
}

Test(monitors, of_one_that_is_restarted_lose_all_their_reports,
     .init = revival_hurry)
{
	stage_pass(restarted_root);
}

/* ---- a watcher that dies ------------------------------------------------- */

static int watches_and_dies(const void *arguments)
{
	const Play__Who *who = arguments;

	for (int i = 0; i < 100; i++)
		CHECK(troupe_monitor(who->ref, NULL) == 0);
	return -EDOM;
}

static int one_way_root(int argc, char **argv)
{
	Play__Who who = PLAY__WHO__INIT;
	troupe_ref ref;

	CHECK(troupe_spawn_function(stage_idle, NULL, &ref) == 0);
	who.ref = ref;
	CHECK(troupe_spawn_function(watches_and_dies, &who.base, &ref) == 0);
	stage_end_of(ref);
	CHECK(troupe_wait(who.ref, TROUPE_POLL, NULL) == -ETIMEDOUT);
	CHECK(stage_send(who.ref, 0) == 0);
	CHECK(stage_end_of(who.ref).reason.cause == TROUPE_NORMAL);
	return 0;
}

Test(monitors, go_one_way) /* C97; the tables: child */
{
	stage_pass(one_way_root);
}

/* ---- tags and names ------------------------------------------------------ */

static int tagged_down(const struct troupe_end *end)
{
	CHECK(end->monitor && end->tag == (uint64_t)board->count + 1000);
	CHECK(end->reason.code == -EDOM);
	return ++board->count == 10 ? TROUPE_STOP : 0;
}

static int tag_init(const void *arguments)
{
	struct troupe_monitor_options options = { 0 };
	troupe_ref ref;

	for (int i = 0; i < 10; i++) {
		options.tag = 1000 + (uint64_t)i;
		CHECK(troupe_spawn_function(fails_at_once, NULL, &ref) == 0);
		stage_end_of(ref);
		CHECK(troupe_monitor_with(ref, &options, NULL) == 0);
	}
	return 0;
}

static const struct troupe_class tagged = { .name = "tagged",
					    .init = tag_init,
					    .down = tagged_down };

static int tag_root(int argc, char **argv)
{
	const struct troupe_monitor_options options = { .tag = UINT64_MAX };
	uint64_t monitor, plain;
	struct troupe_end end;
	troupe_ref ref;

	CHECK(troupe_spawn(&tagged, NULL, &ref) == 0);
	CHECK(stage_end_of(ref).reason.cause == TROUPE_NORMAL);
	CHECK(board->count == 10);
	CHECK(troupe_spawn_function(stage_idle, NULL, &ref) == 0);
	CHECK(troupe_monitor_with(ref, &options, &monitor) == 0);
	CHECK(troupe_monitor(ref, &plain) == 0);
	CHECK(stage_send(ref, 0) == 0);
	end = next_down(monitor, LONG_MS);
	CHECK(end.ref == ref && end.tag == UINT64_MAX);
	CHECK(next_down(plain, LONG_MS).tag == 0);
	end = stage_end_of(ref);
	CHECK(end.monitor == 0 && end.tag == 0);
	return 0;
}

Test(monitors, have_a_tag_that_their_reports_bring)
{
	stage_pass(tag_root);
}

static int name_root(int argc, char **argv)
{
	static const struct troupe_class idle = { .name = "idle",
						  .run = stage_idle };
	struct troupe_monitor_options options = { .name = "desk", .tag = 7 };
	struct troupe_end end;
	uint64_t monitor;
	troupe_ref ref;

	CHECK(troupe_monitor_with(0, &options, &monitor) == 0); /* C99 */
	end = next_down(monitor, LONG_MS);
	CHECK(end.reason.cause == TROUPE_NOPROC && end.ref == 0);
	CHECK(strcmp(end.name, "desk") == 0 && end.tag == 7);
	for (int i = 0; i < 200; i++) { /* C100 */
		CHECK(troupe_spawn_named("desk", &idle, NULL, &ref) == 0);
		CHECK(troupe_monitor_with(0, &options, &monitor) == 0);
		CHECK(stage_send(ref, 0) == 0);
		end = next_down(monitor, LONG_MS);
		CHECK(end.ref == ref && strcmp(end.name, "desk") == 0);
		CHECK(troupe_register("desk", troupe_self()) == 0);
		CHECK(troupe_unregister("desk") == 0);
	}
	CHECK(troupe_monitor_with(ref, &options, &monitor) == -EINVAL);
	options.name = "";
	CHECK(troupe_monitor_with(0, &options, &monitor) == -EINVAL);
	CHECK(troupe_monitor(0, &monitor) == -EINVAL);
	return 0;
}

static bool no_down(const struct troupe_message *message, void *data)
{
	return message->type != &troupe__end__descriptor;
}

Test(monitors, by_name_report_it_when_it_is_free_again, .timeout = 600)
{
	stage_pass(name_root);
}

/* ---- order --------------------------------------------------------------- */

static int talks(const void *arguments)
{
	for (int i = 1; i <= 100; i++)
		CHECK(stage_send(troupe_parent(), i) == 0);
	return -EDOM;
}

static int talk_root(int argc, char **argv)
{
	const struct troupe_pattern patterns[] = {
		{ .type = &troupe__end__descriptor, .matches = by_monitor },
		{ .matches = no_down },
	};
	struct troupe_message message;
	uint64_t any = 0;
	troupe_ref ref;
	struct troupe_pattern pattern[2] = { patterns[0], patterns[1] };

	pattern[0].data = &any;
	CHECK(troupe_spawn_function(talks, NULL, &ref) == 0); /* C98 */
	CHECK(troupe_monitor(ref, NULL) == 0);
	for (int i = 1; i <= 100; i++) {
		CHECK(troupe_receive(pattern, 2, troupe_in_ms(LONG_MS),
				     &message) == 1);
		CHECK(((const Play__Number *)message.body)->value == i);
	}
	CHECK(troupe_receive(pattern, 2, troupe_in_ms(LONG_MS), &message) == 0);
	return 0;
}

Test(monitors, report_an_end_after_all_that_was_sent)
{
	stage_pass(talk_root);
}

/* ---- from the first moment ----------------------------------------------- */

static int spawn_root(int argc, char **argv)
{
	static const struct troupe_class quick = { .name = "quick",
						   .run = fails_at_once };
	const struct troupe_pattern signal = {
		.type = &troupe__exit_signal__descriptor
	};
	struct troupe_spawn_options options = { .is_linked = true };
	struct troupe_message message;
	struct troupe_end end;
	uint64_t monitor = 0;
	troupe_ref ref = 0;

	CHECK(troupe_trap_exits(true) == 0);
	options.ret_monitor = &monitor;
	for (int i = 0; i < 300; i++) { /* C91 */
		options.tag = (uint64_t)i;
		CHECK(troupe_spawn_with(&options, &quick, NULL, &ref) == 0);
		end = next_down(monitor, LONG_MS);
		CHECK(end.ref == ref && end.tag == (uint64_t)i);
		CHECK(end.reason.cause == TROUPE_ERROR &&
		      end.reason.code == -EDOM);
		CHECK(troupe_receive(&signal, 1, troupe_in_ms(LONG_MS),
				     &message) == 0);
		CHECK(message.sender == ref);
		CHECK(((const struct troupe_end *)message.body)->reason.code ==
		      -EDOM);
		CHECK(!has_down());
		CHECK(troupe_receive(&signal, 1, TROUPE_POLL, &message) ==
		      -ETIMEDOUT);
	}
	return 0;
}

Test(monitors, and_links_of_a_spawn_tell_the_true_reason_of_an_end_at_once,
     .timeout = 600)
{
	stage_pass(spawn_root);
}

static int linked_child(const void *arguments)
{
	static const struct troupe_class idle = { .name = "idle",
						  .run = stage_idle };
	const struct troupe_spawn_options options = { .is_linked = true };
	Play__Who who = PLAY__WHO__INIT;
	troupe_ref ref;

	CHECK(troupe_spawn_with(&options, &idle, NULL, &ref) == 0);
	who.ref = ref;
	CHECK(troupe_send(troupe_parent(), &who.base) == 0);
	return stage_idle(NULL);
}

/* Either side ends the other; the child has the reason of its parent. */
static int family_root(int argc, char **argv)
{
	const struct troupe_pattern pattern = {
		.type = &play__who__descriptor
	};
	struct troupe_message message;
	struct troupe_end end;
	troupe_ref parent, child;

	for (int i = 0; i < 2; i++) {
		CHECK(troupe_spawn_function(linked_child, NULL, &parent) == 0);
		CHECK(troupe_receive(&pattern, 1, troupe_in_ms(LONG_MS),
				     &message) == 0);
		child = ((const Play__Who *)message.body)->ref;
		CHECK(troupe_kill(i ? child : parent) == 0);
		end = stage_end_of(i ? parent : child);
		CHECK(end.reason.cause == TROUPE_KILLED);
	}
	return 0;
}

Test(monitors, and_links_of_a_spawn_carry_a_reason_either_way)
{
	stage_pass(family_root);
}
