/* SPDX-License-Identifier: MIT */
/* The last words of an actor stand in the report of its end. */
#include <sys/wait.h>
#include "tests/support/output.h"
#include "tests/support/stage.h"

static void speak(int64_t how)
{
	troupe_log(TROUPE_INFO, "early");
	troupe_log(TROUPE_WARNING, "opens a\nfile");
	if (how == 1)
		raise(SIGKILL);
	if (how == 2)
		exit(7);
}

/* 1: killed; 2: exit(); 3: an error; 4: in order; 5: silent; 6: a child. */
static int speaks(const void *arguments)
{
	int64_t how = ((const Play__Number *)arguments)->value;
	pid_t pid;

	if (how != 5)
		speak(how);
	if (how == 6) {
		pid = fork();
		if (pid == 0) {
			troupe_log(TROUPE_INFO, "of a child");
			_exit(0);
		}
		while (waitpid(pid, NULL, 0) < 0)
			;
	}
	return how == 4 ? 0 : -EDOM;
}

static void check(int64_t how, enum troupe_cause cause, const char *said)
{
	Play__Number number = PLAY__NUMBER__INIT;
	struct troupe_end end;
	troupe_ref ref;

	number.value = how;
	CHECK(troupe_spawn_function(speaks, &number.base, &ref) == 0);
	end = stage_end_of(ref);
	CHECK(end.reason.cause == cause);
	CHECK(strcmp(end.said, said) == 0);
}

static int root(int argc, char **argv)
{
	static const char words[] = "opens a\\x0afile";

	check(1, TROUPE_KILLED, words);
	check(2, TROUPE_ERROR, words);
	check(3, TROUPE_ERROR, words);
	check(4, TROUPE_NORMAL, "");
	check(5, TROUPE_ERROR, "");
	check(6, TROUPE_ERROR, words);
	return 0;
}

Test(last_words, stand_in_the_report_and_in_the_log)
{
	char *text = output_of(root);

	cr_expect(strstr(text, "ended: killed; it said last: "
			       "\"opens a\\x0afile\"\n"),
		  "%s", text);
	free(text);
}
