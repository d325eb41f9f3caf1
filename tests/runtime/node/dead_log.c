/* SPDX-License-Identifier: MIT */
/* Dead letters in the log. */
#include "tests/support/stage.h"

#include "runtime/troupe_dead_letters.h"
#include "tests/support/output.h"

static const struct troupe_class idler = { .name = "idler", .run = stage_idle };

static int count_in(const char *text, const char *what)
{
	int count = 0;

	for (; (text = strstr(text, what)); text += strlen(what))
		count++;
	return count;
}

static int chatty_root(int argc, char **argv)
{
	troupe_ref ref;

	CHECK(troupe_spawn(&idler, NULL, &ref) == 0);
	CHECK(troupe_stop(ref) == 0);
	stage_end_of(ref);
	for (int i = 0; i < 1000; i++)
		CHECK(stage_send(ref, 1) == -ESRCH);
	return 0;
}

Test(dead_letters, the_log_tells_a_few_of_them_and_counts_the_rest)
{
	char *text = output_of(chatty_root);

	cr_expect_eq(count_in(text, "dead letter: play.Number, 2 bytes, from "
				    "test["),
		     5, "%s", text);
	cr_expect_eq(count_in(text, "] to idler["), 5, "%s", text);
	cr_expect_eq(count_in(text, "]: no such actor\n"), 5, "%s", text);
	cr_expect_eq(count_in(text, " 995 more dead letters\n"), 1, "%s", text);
	cr_expect_eq(count_in(text, "\n"), 6, "%s", text);
	free(text);
}

/* Reads nothing. */
static int busy_run(const void *arguments)
{
	while (!troupe_is_stopping())
		usleep(500);
	return 0;
}

static int leave_unread(int (*end)(troupe_ref ref))
{
	struct troupe_dead_counts counts = { 0 };
	troupe_ref ref;

	CHECK(troupe_spawn_function(busy_run, NULL, &ref) == 0);
	for (int i = 0; i < 10; i++)
		CHECK(stage_send(ref, 1) == 0);
	CHECK(end(ref) == 0);
	stage_end_of(ref);
	CHECK(troupe_dead_letters_count(0, &counts) == 0);
	CHECK(counts.by_cause[TROUPE_DEAD_UNREAD] == 10);
	return 0;
}

static int stopped_root(int argc, char **argv)
{
	return leave_unread(troupe_stop);
}

static int killed_root(int argc, char **argv)
{
	return leave_unread(troupe_kill);
}

Test(dead_letters, of_an_end_in_order_the_log_says_nothing)
{
	char *text = output_of(stopped_root);

	cr_expect_str_empty(text);
	free(text);
}

Test(dead_letters, of_a_crash_the_log_says_what_was_left)
{
	char *text = output_of(killed_root);

	cr_expect_eq(count_in(text, "]: its receiver ended first\n"), 5, "%s",
		     text);
	/* By the supervisor, which does not load the application. */
	cr_expect_eq(count_in(text, "dead letter: play.Number, 2 bytes"), 5,
		     "%s", text);
	cr_expect_eq(count_in(text, " 5 more dead letters\n"), 1, "%s", text);
	free(text);
}

/* ---- mail put aside ------------------------------------------------------ */

/* Takes the texts and leaves the numbers. */
static int choosy_run(const void *arguments)
{
	const struct troupe_pattern text = { .type = &play__text__descriptor };
	struct troupe_message message;

	while (troupe_receive(&text, 1, TROUPE_NEVER, &message) == 0)
		CHECK(stage_send(troupe_parent(), 1) == 0);
	return -ECANCELED;
}

static int stash_number(const struct troupe_message *message)
{
	return troupe_stash();
}

static int say_text(const struct troupe_message *message)
{
	return stage_send(troupe_parent(), 1);
}

static const struct troupe_handler choosy_handlers[] = {
	{ &play__number__descriptor, stash_number },
	{ &play__text__descriptor, say_text },
	{ 0 },
};
static const struct troupe_class choosy[] = {
	{ .name = "choosy", .run = choosy_run },
	{ .name = "choosy", .handlers = choosy_handlers },
};

static int aside_root(int argc, char **argv)
{
	struct troupe_dead_counts counts = { 0 };
	Play__Text text = PLAY__TEXT__INIT;
	troupe_ref ref;

	for (int i = 0; i < 2; i++) {
		CHECK(troupe_spawn(&choosy[i], NULL, &ref) == 0);
		for (int sent = 0; sent < 7; sent++)
			CHECK(stage_send(ref, 1) == 0);
		CHECK(troupe_send(ref, &text.base) == 0);
		CHECK(stage_receive(10000) == 1);
		/* Whether it waits again is unknown, but it has taken all. */
		CHECK(troupe_kill(ref) == 0);
		stage_end_of(ref);
	}
	CHECK(troupe_dead_letters_count(0, &counts) == 0);
	CHECK(counts.by_cause[TROUPE_DEAD_UNREAD] >= 14);
	CHECK(counts.by_cause[TROUPE_DEAD_UNREAD] <= 16);
	return 0;
}

Test(dead_letters, of_a_crash_what_was_put_aside_is_counted_and_said)
{
	char *text = output_of(aside_root);

	cr_expect_eq(count_in(text, " 7 dead letters: mail that /choosy["), 2,
		     "%s", text);
	free(text);
}
