/* SPDX-License-Identifier: MIT */
#include "tests/support/example.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

TestSuite(monitor, .timeout = 600);

enum { SOURCES = 4 };

static const char a_reading[] =
	"^(cpu|memory|disk|network) +process [0-9]+ +[0-9]+\\.[0-9] "
	"(%|KiB/s) +[a-z]";
static const char a_total[] =
	"^(cpu|memory|disk|network) +[0-9]+( +[0-9]+\\.[0-9]){3} (%|KiB/s)$";

/* The part of a reading before the pid. */
static const char *const before_pid[SOURCES] = {
	"\ncpu      process ",
	"\nmemory   process ",
	"\ndisk     process ",
	"\nnetwork  process ",
};

/* Waits for the first reading of each, whose pids these are. */
static void await_readings(struct program *p, long ret_pids[SOURCES])
{
	for (int i = 0; i < SOURCES; i++) {
		cr_assert_eq(
			program_await_output(p, before_pid[i], PATIENCE_MS), 0,
			"no \"%s\" in:\n%s%s", before_pid[i] + 1, p->out,
			p->err);
	}
	/* The last line may have been read in part only. */
	cr_assert_eq(program_await_output(p, "in and out", PATIENCE_MS), 0);
	for (int i = 0; i < SOURCES; i++)
		ret_pids[i] = number_after(p->out, before_pid[i], 0);
}

static void expect_summary(const struct program *p)
{
	cr_expect_eq(count_lines(p->out, "^summary "), 1, "%s", p->out);
	cr_expect_eq(count_lines(p->out, a_total), SOURCES, "%s", p->out);
}

Test(monitor, ends_by_itself_after_its_rounds)
{
	struct program p;

	start_example(&p, "monitor", "--rounds", "2", NULL);
	expect_end(&p, 0);
	cr_expect_eq(count_lines(p.out, a_reading), 2 * SOURCES, "%s", p.out);
	cr_expect_eq(count_lines(p.out, "^[a-z]+ +2 .*(%|KiB/s)$"), SOURCES,
		     "%s", p.out);
	expect_summary(&p);
	cr_expect_str_empty(p.err);
	program_fini(&p);
}

Test(monitor, each_reading_comes_from_a_process_of_its_own)
{
	struct program p;
	long pids[SOURCES];

	start_example(&p, "monitor", NULL);
	await_readings(&p, pids);
	for (int i = 0; i < SOURCES; i++) {
		cr_expect_eq(program_parent_of((pid_t)pids[i]), p.pid,
			     "%ld is no child of the supervisor", pids[i]);
		for (int j = 0; j < i; j++)
			cr_expect_neq(pids[i], pids[j]);
	}
	expect_end(&p, 0);
	program_fini(&p);
}

/* Rounds enough that it is there when all four have been heard of. */
Test(monitor, a_killed_monitor_takes_nobody_along)
{
	struct program p;
	long pids[SOURCES];

	start_example(&p, "monitor", "--rounds", "10", NULL);
	await_readings(&p, pids);
	cr_assert_eq(kill((pid_t)pids[0], SIGKILL), 0);
	expect_end(&p, 0);
	cr_expect_eq(count_lines(p.out, "^disk +process"), 10, "%s", p.out);
	cr_expect_eq(count_lines(p.err, "killed"), 1, "%s", p.err);
	expect_summary(&p);
	program_fini(&p);
}

static void expect_stopped_in_order_by(int signal)
{
	struct program p;
	long pids[SOURCES];

	start_example(&p, "monitor", "--rounds", "1000", NULL);
	await_readings(&p, pids);
	cr_assert_eq(kill(p.pid, signal), 0);
	expect_end(&p, 0);
	expect_summary(&p);
	program_fini(&p);
}

Test(monitor, sigint_stops_it_in_order)
{
	expect_stopped_in_order_by(SIGINT);
}

Test(monitor, sigterm_stops_it_in_order)
{
	expect_stopped_in_order_by(SIGTERM);
}

Test(monitor, a_killed_supervisor_leaves_no_process)
{
	struct program p;
	long pids[SOURCES];

	start_example(&p, "monitor", "--rounds", "1000", NULL);
	await_readings(&p, pids);
	cr_assert_eq(kill(p.pid, SIGKILL), 0);
	cr_expect_eq(program_finish(&p, PATIENCE_MS), 128 + SIGKILL);
	cr_expect_eq(program_leftovers(&p, PATIENCE_MS), 0);
	program_fini(&p);
}

/* ---- on a terminal ------------------------------------------------------- */

static tcflag_t local_modes(const struct program *p)
{
	struct termios mode;

	cr_assert_eq(tcgetattr(p->terminal, &mode), 0);
	return mode.c_lflag;
}

static void expect_ended_by_key(const char *key)
{
	struct program p;
	long pids[SOURCES];
	tcflag_t before;

	start_example_on_terminal(&p, "monitor", "--rounds", "1000", NULL);
	before = local_modes(&p) | ICANON | ECHO; /* may be off already */
	await_readings(&p, pids);
	cr_expect(strstr(p.out, "q ends it sooner"));
	cr_expect_eq(local_modes(&p), before & ~(ICANON | ECHO));
	cr_assert_eq(write(p.input, key, 1), 1);
	expect_end(&p, 0);
	expect_summary(&p);
	cr_expect_eq(local_modes(&p), before, "the terminal is not restored");
	program_fini(&p);
}

Test(monitor, q_ends_it_sooner)
{
	expect_ended_by_key("q");
}

Test(monitor, interrupt_on_a_terminal_restores_it)
{
	expect_ended_by_key("\003");
}

Test(monitor, other_keys_do_nothing)
{
	struct program p;
	long pids[SOURCES];

	start_example_on_terminal(&p, "monitor", "--rounds", "2", NULL);
	await_readings(&p, pids);
	cr_assert_eq(write(p.input, "xQ\n ", 4), 4);
	expect_end(&p, 0);
	cr_expect_eq(count_lines(p.out, a_reading), 2 * SOURCES, "%s", p.out);
	program_fini(&p);
}

/* ---- wrong use ----------------------------------------------------------- */

static void expect_refused(const char *one, const char *two)
{
	struct program p;

	start_example(&p, "monitor", one, two, NULL);
	expect_end(&p, 1);
	cr_expect_str_empty(p.out);
	cr_expect_eq(count_lines(p.err, "^monitor: .*--rounds"), 1, "%s",
		     p.err);
	cr_expect_geq(count_lines(p.err, "error -22"), 1, "%s", p.err);
	program_fini(&p);
}

Test(monitor, refuses_what_is_no_number_of_rounds)
{
	expect_refused("--rounds", "x");
	expect_refused("--rounds", "2x");
	expect_refused("--rounds", "");
	expect_refused("--rounds", "0");
	expect_refused("--rounds", "-1");
	expect_refused("--rounds", "99999999999999999999");
}

Test(monitor, refuses_other_arguments)
{
	expect_refused("--rounds", NULL);
	expect_refused("--circles", "2");
	expect_refused("2", NULL);
}
