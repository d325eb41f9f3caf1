/* SPDX-License-Identifier: MIT */
/*
 * Errors that the harness must detect, for its tests: they run only if they are
 * named.
 */
#include "tests/bench/peers/program.h"

enum { HOW };
enum { A_NUMBER, A_FRACTION, BYTES, A_DEATH, AN_ERROR };

/* ---- a run that is wrong ------------------------------------------------- */

static int answer(const void *arguments)
{
	Bench__Result result = BENCH__RESULT__INIT;
	unsigned char bytes[16];

	result.value = 42 + (bench_get(HOW) == A_NUMBER);
	result.real = 0.5 + (bench_get(HOW) == A_FRACTION) * 1e-6;
	bench_fill(bytes, sizeof(bytes), 7);
	bytes[15] ^= bench_get(HOW) == BYTES;
	bench_check(bytes, sizeof(bytes), 7);
	if (bench_get(HOW) == A_DEATH)
		return -EDOM;
	return bench_send(troupe_parent(), &result.base);
}

static struct troupe_class answerer_class = { .name = "answerer",
					      .run = answer };

static int wrong(void)
{
	const Bench__Result *result;
	troupe_ref ref;
	int r = troupe_spawn(&answerer_class, NULL, &ref);

	if (r < 0)
		return r;
	if (bench_get(HOW) != A_DEATH) {
		result = bench_receive(&bench__result__descriptor, NULL);
		if (!result)
			return -ECANCELED;
		bench_expect("answer", result->value, 42);
		bench_expect_near("half", result->real, 0.5, 1e-9);
	}
	r = bench_wait_each(&ref, 1);
	return bench_get(HOW) == AN_ERROR ? -EDOM : r;
}

const struct bench bench_wrong = {
	.name = "wrong",
	.suite = "check",
	.item = "answers",
	.parameters = { [HOW] = { "how",
				  { A_NUMBER, A_NUMBER, A_NUMBER },
				  .least = BENCH_FROM_0 } },
	.classes = { &answerer_class },
	.root = wrong,
	.is_hidden = true,
};

/* ---- a peer that is not there, and programs that are wrong --------------- */

static int nothing(void)
{
	bench_fail("it ran");
	return 0;
}

const struct bench bench_absent = {
	.name = "absent",
	.suite = "check",
	.item = "answers",
	.plain = nothing,
	.needs = "no-such-package",
	.is_hidden = true,
};

/* Asked 3 times it is right, as 0 + 1 + 2 is 3. */
static int program(void)
{
	static const char *const command[] = {
		"sh", "-c",
		"echo ns 1000; echo sum 3; [ $1 = 5 ] && echo wrong number 7; "
		"[ $1 != 6 ]",
		NULL
	};

	return program_ask(command);
}

const struct bench bench_program = {
	.name = "program",
	.suite = "check",
	.item = "answers",
	.parameters = { [PEER_ASKS] = { "n", { 3, 3, 3 } } },
	.plain = program,
	.is_hidden = true,
};
