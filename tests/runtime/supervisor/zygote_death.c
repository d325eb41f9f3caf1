/* SPDX-License-Identifier: MIT */
/* A zygote that dies when it has made a process and not told of it. */
#include "tests/support/stage.h"

enum { CHILDREN = 150 };

static int turn; /* of the node that is started */

static int idle_run(const void *arguments)
{
	return stage_idle(arguments);
}

static int root(int argc, char **argv)
{
	struct troupe_message message;
	pid_t zygote = stage_zygote();
	troupe_ref ref;
	int r = 0;

	CHECK(zygote > 0);
	for (int i = 0; i < CHILDREN && r == 0; i++) {
		r = troupe_spawn_function(idle_run, NULL, &ref);
		if (i == 2 * turn)
			kill(zygote, SIGKILL);
	}
	CHECK(r == 0 || r == -ECANCELED || r == -EAGAIN);
	CHECK(troupe_receive(NULL, 0, TROUPE_NEVER, &message) == -ECANCELED);
	return 0;
}

/* It says nothing by assert(3). */
Test(zygote_death, a_process_that_nobody_knows_ends_in_silence, .timeout = 120)
{
	enum { NODES = 40 };
	static char said[1 << 20];
	int out = memfd_create("stderr", MFD_CLOEXEC), before = dup(2);

	cr_assert(out >= 0 && before >= 0);
	cr_assert_eq(dup2(out, 2), 2);
	for (turn = 0; turn < NODES; turn++)
		cr_expect_eq(stage_run(root), 1);
	dup2(before, 2);
	cr_assert_geq(pread(out, said, sizeof(said) - 1, 0), 1);
	cr_expect_null(strstr(said, "Assertion"), "%s", said);
	cr_expect_not_null(strstr(said, "the zygote has died"));
	close(out);
	close(before);
}
