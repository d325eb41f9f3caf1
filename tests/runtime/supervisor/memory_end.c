/* SPDX-License-Identifier: MIT */
/* A node whose memory ends. */
#include "tests/support/stage.h"

enum { SCORE, ACTOR_SCORE }; /* of the board */

static long score_of(const char *process)
{
	char path[64], text[16] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%s/oom_score_adj", process);
	file = fopen(path, "re");
	CHECK(file && fgets(text, sizeof(text), file));
	if (file)
		fclose(file);
	return atol(text);
}

static int score_root(int argc, char **argv)
{
	char parent[16];

	snprintf(parent, sizeof(parent), "%d", getppid());
	board->value[SCORE] = score_of(parent);
	board->value[ACTOR_SCORE] = score_of("self");
	return 0;
}

Test(memory_end, would_kill_actors_first)
{
	long before = score_of("self");

	stage_pass(score_root);
	cr_assert(board->value[SCORE] == before || board->value[SCORE] == -500);
	cr_assert_eq(board->value[ACTOR_SCORE],
		     before + 200 > 1000 ? 1000 : before + 200);
}
