/* SPDX-License-Identifier: MIT */
/* Actors that end by exit(3), and those that do not. */
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include "runtime/troupe_test.h"
#include "tests/support/play.pb-c.h"

/* Shared with the actors: handlers that ran. */
static _Atomic long *ran;

static void failed(const char *file, int line, const char *text)
{
	cr_assert_fail("%s:%d: %s", file, line, text);
}
static const struct troupe_test_options options = { .failed = failed,
						    .patience_ms = 60000 };

static void begin(void)
{
	ran = mmap(NULL, sizeof(*ran), PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cr_assert_neq(ran, MAP_FAILED);
	troupe_test_begin(&options);
}

static void end(void)
{
	troupe_test_end();
	munmap((void *)ran, sizeof(*ran));
}

TestSuite(exit_handlers, .timeout = 600, .init = begin, .fini = end);

static void count(void)
{
	++*ran;
}

static void die(void)
{
	raise(SIGTRAP);
}

static int init(const void *arguments)
{
	return atexit(arguments ? die : count);
}

/* Ends with that. */
static int on_number(const struct troupe_message *message)
{
	return (int)((const Play__Number *)message->body)->value;
}

static const struct troupe_handler handlers[] = {
	{ &play__number__descriptor, on_number },
	{ 0 },
};
static const struct troupe_class usual = { .name = "usual",
					   .init = init,
					   .handlers = handlers };
static const struct troupe_class polite = { .name = "polite",
					    .init = init,
					    .handlers = handlers,
					    .runs_exit_handlers = true };

static void end_with(const struct troupe_class *klass, int result,
		     enum troupe_cause cause)
{
	Play__Number number = PLAY__NUMBER__INIT;
	troupe_ref ref = troupe_test_spawn(klass, NULL);

	number.value = result;
	troupe_test_send(ref, &number.base);
	troupe_test_expect_end(ref, cause, 0);
}

static void stop(const struct troupe_class *klass)
{
	troupe_ref ref = troupe_test_spawn(klass, NULL);

	troupe_test_settle(0);
	troupe_stop(ref);
	troupe_test_expect_end(ref, TROUPE_SHUTDOWN, 0);
}

Test(exit_handlers, run_at_the_ends_of_a_class_that_asks_except_by_signals)
{
	troupe_ref ref;

	end_with(&polite, TROUPE_STOP, TROUPE_NORMAL);
	cr_assert_eq(*ran, 1);
	end_with(&polite, -EDOM, TROUPE_ERROR);
	cr_assert_eq(*ran, 2);
	stop(&polite);
	cr_assert_eq(*ran, 3);
	ref = troupe_test_spawn(&polite, NULL);
	troupe_test_settle(0);
	troupe_kill(ref);
	troupe_test_expect_end(ref, TROUPE_KILLED, 0);
	cr_assert_eq(*ran, 3);
}

Test(exit_handlers, do_not_run_by_default)
{
	end_with(&usual, TROUPE_STOP, TROUPE_NORMAL);
	end_with(&usual, -EDOM, TROUPE_ERROR);
	stop(&usual);
	cr_assert_eq(*ran, 0);
}

Test(exit_handlers, that_crash_are_the_end_that_is_told)
{
	Play__Number number = PLAY__NUMBER__INIT;
	const struct troupe_end *seen;
	troupe_ref ref = troupe_test_spawn(&polite, &number.base);

	troupe_close(ref);
	seen = troupe_test_expect_end(ref, TROUPE_SIGNAL, 0);
	cr_assert_eq(seen->reason.code, SIGTRAP);
}

static void begin_with(const char *value)
{
	troupe_test_end();
	setenv("TROUPE_EXIT_HANDLERS", value, 1);
	troupe_test_begin(&options);
}

Test(exit_handlers, run_for_all_where_the_environment_says_so)
{
	begin_with("1");
	end_with(&usual, TROUPE_STOP, TROUPE_NORMAL);
	cr_assert_eq(*ran, 1);
	stop(&usual);
	cr_assert_eq(*ran, 2);
	begin_with("0");
	stop(&usual);
	cr_assert_eq(*ran, 2);
	stop(&polite);
	cr_assert_eq(*ran, 3);
}
