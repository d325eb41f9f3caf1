/* SPDX-License-Identifier: MIT */
/* The latest lines of a node, beside writers that die or stop. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "ipc/arena.h"
#include "runtime/node/log_ring.h"
#include "runtime/node/ref.h"

static unsigned char *board;

static void set_up(void)
{
	board = mmap(NULL, TRP_BOARD_SIZE, PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cr_assert_neq(board, MAP_FAILED);
	trp_log_ring_begin(board);
}

static void tear_down(void)
{
	trp_log_ring_begin(NULL);
	munmap(board, TRP_BOARD_SIZE);
}

TestSuite(log_ring, .init = set_up, .fini = tear_down);

static uint64_t add(const char *text)
{
	struct trp_log_line line = { .ref = trp_ref(7, 1),
				     .pid = getpid(),
				     .title = "/a" };

	snprintf(line.text, sizeof(line.text), "%s", text);
	trp_log_ring_add(&line, true);
	return line.number;
}

Test(log_ring, a_line_is_read_as_it_was_added)
{
	struct trp_log_line line;

	cr_expect_eq(trp_log_ring_next(), 1);
	cr_expect_not(trp_log_ring_read(0, &line));
	cr_expect_not(trp_log_ring_read(1, &line));
	cr_expect_eq(add("one"), 1);
	cr_expect_eq(add("two\nlines"), 2);
	cr_assert(trp_log_ring_read(2, &line));
	cr_expect_str_eq(line.text, "two\nlines");
	cr_expect_str_eq(line.title, "/a");
	cr_expect_eq(line.number, 2);
	cr_expect_eq(trp_log_ring_next(), 3);
	cr_expect_eq(trp_log_ring_latest(7), 2);
	cr_expect_eq(trp_log_ring_latest(8), 0);
	cr_expect_eq(trp_log_ring_oldest(), 1);
}

Test(log_ring, the_oldest_line_makes_room)
{
	struct trp_log_line line;
	uint64_t last = 0;
	char text[16];

	for (int i = 1; i <= 7000; i++) {
		snprintf(text, sizeof(text), "%d", i);
		last = add(text);
	}
	cr_expect_eq(last, 7000);
	cr_expect_gt(trp_log_ring_oldest(), 1);
	cr_expect_not(trp_log_ring_read(1, &line));
	for (uint64_t n = trp_log_ring_oldest(); n < trp_log_ring_next(); n++) {
		snprintf(text, sizeof(text), "%d", (int)n);
		cr_assert(trp_log_ring_read(n, &line));
		cr_expect_str_eq(line.text, text);
	}
}

Test(log_ring, a_long_line_takes_more_pieces)
{
	struct trp_log_line line, back;
	unsigned pieces;

	for (int i = 0; i < 4000; i++) {
		line = (struct trp_log_line) { .title = "/a", .level = 2 };
		memset(line.text, 'a' + i % 26,
		       (size_t)i * 7 % sizeof(line.text));
		trp_log_ring_add(&line, false);
		pieces = trp_log_ring_read(line.number, &back);
		cr_assert_eq(line.number + pieces, trp_log_ring_next());
		cr_assert_str_eq(back.text, line.text);
		for (unsigned k = 1; k < pieces; k++) {
			cr_assert_eq(trp_log_ring_read(line.number + k, &back),
				     0);
			cr_assert(trp_log_ring_is_written(line.number + k));
		}
	}
}

Test(log_ring, a_spoilt_record_is_no_line)
{
	struct trp_log_line line;
	unsigned char *at;

	add("pristine");
	at = memmem(board, TRP_BOARD_SIZE, "pristine", 8);
	cr_assert_not_null(at);
	at[3] ^= 1;
	cr_expect_not(trp_log_ring_read(1, &line));
	at[3] ^= 1;
	cr_expect(trp_log_ring_read(1, &line));
	cr_expect(trp_log_ring_is_written(1));
	cr_expect_not(trp_log_ring_is_written(2));
}

/* Each line that is read was said so. */
Test(log_ring, writers_that_are_killed_spoil_no_line_of_others)
{
	enum { WRITERS = 4 };
	struct trp_log_line line;
	pid_t pid[WRITERS];
	char text[500] = "";

	memset(text, 'a', sizeof(text) - 1);
	for (int i = 0; i < WRITERS; i++) {
		pid[i] = fork();
		while (pid[i] == 0) {
			add(text);
			add("bbbbbbbbbbbbbbbbbbb");
		}
	}
	while (trp_log_ring_next() < 100000) {
		uint64_t n = trp_log_ring_next() - 1;

		if (!trp_log_ring_read(n, &line))
			continue;
		cr_assert_eq(strspn(line.text, line.text[0] == 'a' ? "a" : "b"),
			     line.text[0] == 'a' ? 499 : 19, "%s", line.text);
	}
	for (int i = 0; i < WRITERS; i++) {
		kill(pid[i], SIGKILL);
		waitpid(pid[i], NULL, 0);
	}
	add("last");
	cr_assert(trp_log_ring_read(trp_log_ring_next() - 1, &line));
	cr_expect_str_eq(line.text, "last");
}

Test(log_ring, all_processes_have_one_level)
{
	pid_t pid;

	trp_log_ring_set_level(1);
	pid = fork();
	if (pid == 0) {
		trp_log_ring_set_level(3);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	cr_expect_eq(trp_log_ring_level(), 3);
}
