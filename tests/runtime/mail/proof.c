/* SPDX-License-Identifier: MIT */
/* Words about a run are believed as that run bears them out. */
#include "runtime/mail/proofs.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

enum { OWN = 5, RUN = 77, MS = 1000000 };

static struct trp_mail_proofs proofs;
static struct trp_time now;
static struct trp_frame asked; /* the latest */
static int asks, ask_result, comings, goings;
static uint64_t drawn;
static char words[16];

static void sign(struct trp_guard *guard, const uint8_t *bytes, size_t length,
		 uint8_t *tag)
{
	memset(tag, 'o', TRP_FRAME_TAG);
	for (size_t i = 0; i < length; i++)
		tag[i % TRP_FRAME_TAG] ^= bytes[i];
}

static bool verify(struct trp_guard *guard, const uint8_t *bytes, size_t length,
		   const uint8_t *tag)
{
	uint8_t right[TRP_FRAME_TAG];

	sign(guard, bytes, length, right);
	return memcmp(right, tag, sizeof(right)) == 0;
}

static const struct trp_guard_calls guard_calls = { .sign = sign,
						    .verify = verify };
static struct trp_guard guard = { &guard_calls };

static int ask(uint32_t number, const void *frame, size_t length)
{
	asks++;
	cr_assert_eq(trp_frame_read(frame, length, &asked), 0);
	cr_assert(asked.kind == TRP_FRAME_HELLO && asked.from == OWN &&
		  asked.to == number && asked.tag);
	cr_assert(verify(&guard, frame, TRP_FRAME_HEADER, asked.tag));
	return ask_result;
}

static void draw(void *user, void *bytes, size_t length)
{
	drawn++;
	memcpy(bytes, &drawn, length);
}

static void tell(const struct trp_presence_heard *heard)
{
	cr_assert(heard->number == RUN && strcmp(heard->node, "n") == 0);
	comings += !heard->is_gone;
	goings += heard->is_gone;
	if (!heard->is_gone)
		memcpy(words, heard->words, heard->length);
}

static const struct trp_mail_proof_calls calls = { ask, draw, tell };

static void begin(void)
{
	now.ns = 1000 * MS;
	trp_mail_proofs_init(&proofs, OWN, &guard, &calls);
}

static void end(void)
{
	trp_mail_proofs_clear(&proofs);
	cr_assert_eq(proofs.count, 0);
}

TestSuite(proof, .init = begin, .fini = end, .timeout = 600);

static void hear(bool is_gone)
{
	const struct trp_presence_heard heard = { .is_gone = is_gone,
						  .number = RUN,
						  .node = "n",
						  .words = "abc",
						  .length = is_gone ? 0 : 4 };

	cr_assert_eq(trp_mail_proofs_hear(&proofs, &heard, now), 0);
}

/* Returns whether it was taken. */
static bool answer(uint32_t from, uint64_t echo, bool is_signed)
{
	uint8_t bytes[TRP_FRAME_HEADER + TRP_FRAME_TAG];
	const struct trp_frame frame = { .kind = TRP_FRAME_WELCOME,
					 .from = from,
					 .to = OWN,
					 .flags = TRP_FRAME_SEALED,
					 .epoch = 9,
					 .echo = echo };

	trp_frame_write(&frame, bytes);
	sign(&guard, bytes, TRP_FRAME_HEADER, bytes + TRP_FRAME_HEADER);
	bytes[TRP_FRAME_HEADER] ^= !is_signed;
	return trp_mail_proofs_receive(&proofs, bytes, sizeof(bytes));
}

/* By steps, as its deadlines come. */
static void pass(int64_t ms)
{
	struct trp_time until = { now.ns + ms * MS };

	while (proofs.due.ns <= until.ns) {
		now = proofs.due;
		trp_mail_proofs_tick(&proofs, now);
	}
	now = until;
}

Test(proof, of_a_run_that_answers_is_told_with_its_words)
{
	hear(false);
	cr_assert(asks == 1 && comings == 0);
	cr_assert(answer(RUN, asked.epoch, true));
	cr_assert(comings == 1 && goings == 0 && proofs.count == 0);
	cr_assert_str_eq(words, "abc");
	cr_assert_not(answer(RUN, asked.epoch, true));
}

Test(proof, of_a_run_that_is_gone_is_never_told_however_often_it_is_said)
{
	for (int i = 0; i < 100; i++) {
		hear(false);
		trp_mail_proofs_nobody(&proofs, RUN);
		pass(990);
	}
	pass(TRP_MAIL_PROOF_HERE_MS);
	cr_assert(comings == 0 && goings == 0 && proofs.count == 0);
	cr_assert_lt(asks, 100);
}

Test(proof, is_no_answer_of_another_or_to_another_question_or_without_the_seal)
{
	uint64_t former;

	hear(false);
	former = asked.epoch;
	cr_assert_not(answer(RUN + 1, former, true));
	cr_assert_not(answer(RUN, former + 1, true));
	cr_assert_not(answer(RUN, former, false));
	cr_assert(answer(RUN, former, true) && comings == 1);
	hear(false);
	cr_assert_neq(asked.epoch, former);
	cr_assert_not(answer(RUN, former, true));
	cr_assert_eq(comings, 1);
}

/* An answer of before says nothing of it. */
Test(proof, of_an_end_is_asked_for_anew)
{
	uint64_t former;

	hear(false);
	former = asked.epoch;
	hear(true);
	cr_assert_not(answer(RUN, former, true));
	trp_mail_proofs_nobody(&proofs, RUN);
	cr_assert(comings == 0 && goings == 1);
}

Test(proof, that_a_run_is_there_refutes_its_end)
{
	hear(true);
	cr_assert(answer(RUN, asked.epoch, true));
	pass(2 * TRP_MAIL_PROOF_GONE_MS);
	cr_assert(comings == 0 && goings == 0 && proofs.count == 0);
}

Test(proof, of_an_end_is_that_nobody_is_there_or_that_nobody_answers)
{
	hear(true);
	trp_mail_proofs_nobody(&proofs, RUN);
	cr_assert(goings == 1 && proofs.count == 0);
	ask_result = -EHOSTUNREACH;
	hear(true);
	cr_assert(goings == 2 && proofs.count == 0);
	ask_result = 0;
	hear(true);
	pass(TRP_MAIL_PROOF_GONE_MS - 1);
	cr_assert_eq(goings, 2);
	hear(true); /* puts nothing off */
	pass(1);
	cr_assert(goings == 3 && proofs.count == 0);
}

/* Its link was cut: its will, and then its own word. */
Test(proof, of_a_run_that_comes_back_outlives_its_end)
{
	hear(true);
	hear(false);
	trp_mail_proofs_nobody(&proofs, RUN);
	cr_assert(goings == 1 && proofs.count == 1);
	pass(TRP_MAIL_PROOF_GONE_MS);
	cr_assert(answer(RUN, asked.epoch, true));
	cr_assert(goings == 1 && comings == 1 && proofs.count == 0);
}

Test(proof, is_asked_again_where_a_frame_was_lost)
{
	ask_result = -EAGAIN;
	hear(false);
	pass(5 * TRP_MAIL_PROOF_FIRST_MS);
	cr_assert(asks >= 2 && asks <= 4);
	cr_assert(answer(RUN, asked.epoch, true) && comings == 1);
}

Test(proof, is_asked_of_so_many_at_once)
{
	struct trp_presence_heard heard = { .node = "n", .words = "" };

	for (uint32_t i = 0; i < TRP_MAIL_PROOFS_MAX; i++) {
		heard.number = 100 + i;
		cr_assert_eq(trp_mail_proofs_hear(&proofs, &heard, now), 0);
	}
	heard.number = 99;
	cr_assert_eq(trp_mail_proofs_hear(&proofs, &heard, now), -ENOBUFS);
	pass(TRP_MAIL_PROOF_HERE_MS);
	cr_assert_eq(proofs.count, 0);
}

Test(proof, is_needed_only_where_there_is_a_guard)
{
	trp_mail_proofs_init(&proofs, OWN, NULL, &calls);
	hear(false);
	hear(true);
	cr_assert(comings == 1 && goings == 1 && asks == 0);
}
