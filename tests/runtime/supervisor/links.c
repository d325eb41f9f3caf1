/* SPDX-License-Identifier: MIT */
/* Links.  Numbers such as C84 are those of the cases in
 * tests/README.md. */
#include "tests/runtime/supervisor/link_kit.h"
#include "tests/runtime/supervisor/revival_kit.h"

static int symmetric_root(int argc, char **argv)
{
	troupe_ref one, other;

	CHECK(troupe_trap_exits(true) == 0);
	CHECK(troupe_link(troupe_self()) == 0); /* C73 */
	CHECK(troupe_link(0) == -EINVAL);
	one = link_start(&link_peer, troupe_self());
	CHECK(troupe_link(one) == 0);
	CHECK(troupe_link(one) == 0);
	CHECK(troupe_unlink(one) == 0);
	CHECK(troupe_unlink(one) == 0);
	CHECK(stage_send(one, -EDOM) == 0);
	CHECK(link_ends_with(one, TROUPE_ERROR, -EDOM));
	CHECK(!link_has_signal());
	/* Whichever of the two it was that made it. */
	one = link_start(&link_peer, 0);
	other = link_start(&link_peer, one);
	CHECK(stage_send(other, -EDOM) == 0);
	CHECK(link_ends_with(one, TROUPE_ERROR, -EDOM));
	one = link_start(&link_peer, 0);
	other = link_start(&link_peer, one);
	CHECK(stage_send(one, -EDOM) == 0);
	CHECK(link_ends_with(other, TROUPE_ERROR, -EDOM));
	return 0;
}

Test(links, are_symmetric_single_and_undone_from_either_side)
{
	stage_pass(symmetric_root);
}

static int reason_root(int argc, char **argv)
{
	troupe_ref one, other;

	one = link_start(&link_peer, 0); /* C74 */
	other = link_start(&link_peer, one);
	CHECK(stage_send(one, ABORT) == 0);
	CHECK(link_ends_with(other, TROUPE_SIGNAL, SIGABRT));
	one = link_start(&link_peer, 0);
	other = link_start(&link_peer, one);
	CHECK(troupe_stop(one) == 0);
	CHECK(link_ends_with(other, TROUPE_SHUTDOWN, 0));
	one = link_start(&link_peer, 0); /* C79 */
	other = link_start(&link_peer, one);
	CHECK(troupe_kill(one) == 0);
	CHECK(link_ends_with(other, TROUPE_KILLED, SIGKILL));
	one = link_start(&link_peer, 0); /* C76 */
	other = link_start(&link_peer, one);
	CHECK(stage_send(one, END) == 0);
	CHECK(link_ends_with(one, TROUPE_NORMAL, 0));
	link_check_lives(other);
	return 0;
}

Test(links, pass_on_the_reason_of_an_end_unless_it_was_normal)
{
	stage_pass(reason_root);
}

static int trap_root(int argc, char **argv)
{
	troupe_ref one, other;

	one = link_start(&link_peer, 0); /* C75 */
	other = link_start(&link_trapper, one);
	CHECK(stage_send(one, -EDOM) == 0);
	CHECK(stage_receive(LONG_MS) == 1);
	CHECK(board->value[FROM] == (long)one);
	CHECK(board->value[CAUSES + TROUPE_ERROR] == 1);
	CHECK(board->value[CODE] == -EDOM);
	link_check_lives(other);
	one = link_start(&link_peer, other); /* C76 */
	CHECK(stage_send(one, END) == 0);
	CHECK(stage_receive(LONG_MS) == 1);
	CHECK(board->value[CAUSES + TROUPE_NORMAL] == 1);
	one = link_start(&link_trapper, other); /* C79 */
	CHECK(troupe_kill(one) == 0);
	CHECK(stage_receive(LONG_MS) == 1);
	CHECK(board->value[CAUSES + TROUPE_KILLED] == 1);
	CHECK(link_ends_with(one, TROUPE_KILLED, SIGKILL));
	link_check_lives(other);
	CHECK(board->value[SIGNALS] == 3);
	return 0;
}

Test(links, call_exit_signal_where_a_class_has_it)
{
	stage_pass(trap_root);
}

static int gone_root(int argc, char **argv)
{
	troupe_ref dead = link_start(&link_peer, 0), ref;

	CHECK(troupe_trap_exits(true) == 0);
	CHECK(troupe_kill(dead) == 0);
	stage_end_of(dead);
	CHECK(troupe_link(dead) == 0); /* C82 */
	CHECK(link_next_signal(dead).reason.cause == TROUPE_NOPROC);
	ref = link_start(&link_peer, dead);
	CHECK(link_ends_with(ref, TROUPE_NOPROC, 0));
	CHECK(troupe_link(0x1000123400000001) == 0);
	CHECK(link_next_signal(0x1000123400000001).reason.cause ==
	      TROUPE_NOPROC);
	return 0;
}

Test(links, to_one_that_is_gone_are_an_exit_signal_at_once)
{
	stage_pass(gone_root);
}

static int fails_at_once(const void *arguments)
{
	return -EDOM;
}

static int race_root(int argc, char **argv)
{
	troupe_ref ref;
	int i;

	CHECK(troupe_trap_exits(true) == 0);
	for (i = 0; i < 300; i++) {
		CHECK(troupe_spawn_function(fails_at_once, NULL, &ref) == 0);
		CHECK(troupe_link(ref) == 0);
		link_next_signal(ref);
		CHECK(!link_has_signal());
		CHECK(troupe_spawn_function(fails_at_once, NULL, &ref) == 0);
		CHECK(troupe_link(ref) == 0);
		if (i % 2)
			stage_end_of(ref);
		CHECK(troupe_unlink(ref) == 0);
		stage_end_of(ref);
		CHECK(!link_has_signal());
	}
	return 0;
}

Test(links, that_race_with_an_end_bring_one_signal_and_undone_none,
     .timeout = 600)
{
	stage_pass(race_root);
}

static int chain_root(int argc, char **argv)
{
	struct troupe_reason reason = { .cause = TROUPE_ERROR, .code = -EDOM };
	troupe_ref first, middle, last;
	struct troupe_end end;

	first = link_start(&link_peer, 0); /* C88 */
	middle = link_start(&link_peer, first);
	last = link_start(&link_peer, middle);
	CHECK(stage_send(last, ABORT) == 0);
	CHECK(link_ends_with(last, TROUPE_SIGNAL, SIGABRT));
	CHECK(link_ends_with(middle, TROUPE_SIGNAL, SIGABRT));
	CHECK(link_ends_with(first, TROUPE_SIGNAL, SIGABRT));
	/* With all of its text. */
	first = link_start(&link_peer, 0);
	middle = link_start(&link_peer, first);
	last = link_start(&link_peer, middle);
	memset(reason.text, 'x', sizeof(reason.text) - 1);
	CHECK(troupe_exit_signal(last, &reason) == 0);
	CHECK(troupe_wait(first, troupe_in_ms(LONG_MS), &end) == 0);
	CHECK(end.reason.cause == TROUPE_ERROR && end.reason.code == -EDOM);
	CHECK(strcmp(end.reason.text, reason.text) == 0);
	first = link_start(&link_peer, 0);
	middle = link_start(&link_trapper, first);
	last = link_start(&link_peer, middle);
	CHECK(stage_send(last, ABORT) == 0);
	CHECK(stage_receive(LONG_MS) == 1);
	link_check_lives(middle);
	link_check_lives(first);
	return 0;
}

Test(links, carry_a_reason_along_a_chain_up_to_one_that_traps)
{
	stage_pass(chain_root);
}

/* ---- restarts ------------------------------------------------------------ */

static int successor_root(int argc, char **argv)
{
	troupe_ref one = link_start(&link_phoenix, 0);
	struct troupe_end end;

	CHECK(troupe_trap_exits(true) == 0);
	CHECK(troupe_link(one) == 0);
	CHECK(stage_send(one, -EDOM) == 0);
	end = link_next_signal(one);
	CHECK(end.reason.code == -EDOM && end.will_restart); /* C75 */
	CHECK(stage_receive(LONG_MS) == 0);
	CHECK(stage_send(one, -EDOM) == 0);
	CHECK(stage_receive(LONG_MS) == 0);
	CHECK(!link_has_signal());
	return 0;
}

Test(links, are_not_those_of_a_successor, .init = revival_hurry)
{
	stage_pass(successor_root);
}

static int down_root(int argc, char **argv)
{
	troupe_ref one = link_start(&link_phoenix, 0);

	CHECK(troupe_trap_exits(true) == 0);
	CHECK(troupe_kill(one) == 0);
	CHECK(troupe_wait_next(one, troupe_in_ms(LONG_MS), NULL) == 0);
	CHECK(troupe_link(one) == 0); /* it waits, or has begun again */
	CHECK(stage_receive(LONG_MS) == 0);
	CHECK(!link_has_signal());
	CHECK(stage_send(one, -EDOM) == 0);
	CHECK(link_next_signal(one).reason.code == -EDOM);
	return 0;
}

Test(links, to_one_that_waits_for_its_restart_hold_from_then_on)
{
	stage_pass(down_root);
}

static int both_root(int argc, char **argv)
{
	troupe_ref one = link_start(&link_phoenix, 0),
		   other = link_start(&link_peer, one);

	CHECK(stage_send(other, -EDOM) == 0);
	CHECK(link_ends_with(other, TROUPE_ERROR, -EDOM));
	CHECK(stage_receive(LONG_MS) == 0); /* its next incarnation */
	link_check_lives(one);
	return 0;
}

Test(links, end_one_that_is_restarted_with_the_reason_of_its_peer,
     .init = revival_hurry)
{
	stage_pass(both_root);
}
