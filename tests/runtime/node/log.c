/* SPDX-License-Identifier: MIT */
/* A call of troupe_log() is a line of text, whatever its arguments bring. */
#include "tests/support/stage.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include "runtime/node/log.h"
#include "tests/support/output.h"

static int logging_root(int argc, char **argv)
{
	troupe_log(TROUPE_INFO, "from %s", "a\n12:00:00.000 fatal forged");
	troupe_log(TROUPE_INFO, "clears %s, bad %s", "\x1b[2J", "\xff");
	troupe_log(TROUPE_INFO, "caf\xc3\xa9\tends\n");
	return 0;
}

Test(log, what_steers_a_terminal_or_begins_a_line_is_shown_by_its_bytes)
{
	char *text = output_of(logging_root), *at;
	int lines = 0;

	for (at = text; (at = strchr(at, '\n')); at++)
		lines++;
	cr_expect_eq(lines, 3, "%s", text);
	cr_expect(strstr(text, "from a\\x0a12:00:00.000 fatal forged\n"), "%s",
		  text);
	cr_expect(strstr(text, "clears \\x1b[2J, bad \\xff\n"), "%s", text);
	cr_expect(strstr(text, "caf\xc3\xa9\tends\n"), "%s", text);
	free(text);
}

/* An application may be piped into one that has had enough. */
Test(log, that_nobody_reads_is_an_error_and_no_signal)
{
	int ends[2];

	signal(SIGPIPE, SIG_DFL);
	cr_assert_eq(pipe(ends), 0);
	cr_assert_eq(trp_log_write(ends[1], "x", 1), 1);
	close(ends[0]);
	cr_assert_eq(trp_log_write(ends[1], "x", 1), -1);
	cr_assert_eq(errno, EPIPE);
	close(ends[1]);
}

Test(log, that_is_as_large_as_a_file_may_be_is_an_error_and_no_signal)
{
	const struct rlimit small = { 4, RLIM_INFINITY };
	FILE *file = tmpfile();

	signal(SIGXFSZ, SIG_DFL);
	cr_assert_not_null(file);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
	cr_assert_eq(trp_log_write(fileno(file), "four", 4), 4);
	cr_assert_eq(trp_log_write(fileno(file), "x", 1), -1);
	cr_assert_eq(errno, EFBIG);
	fclose(file);
}

/* It was sent by somebody else, whom the application may await. */
Test(log, leaves_a_signal_that_waited_before)
{
	sigset_t set, waiting;
	int ends[2];

	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	cr_assert_eq(sigprocmask(SIG_BLOCK, &set, NULL), 0);
	cr_assert_eq(raise(SIGPIPE), 0);
	cr_assert_eq(pipe(ends), 0);
	close(ends[0]);
	cr_assert_eq(trp_log_write(ends[1], "x", 1), -1);
	close(ends[1]);
	cr_assert_eq(sigpending(&waiting), 0);
	cr_assert(sigismember(&waiting, SIGPIPE));
	signal(SIGPIPE, SIG_IGN);
}
