/* SPDX-License-Identifier: MIT */
#include "runtime/actor/exit_queue.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static struct trp_exit_queue queue;

static void all_is_taken(void)
{
	cr_assert_eq(queue.count, 0);
	cr_assert_eq(queue.bytes, 0);
	cr_assert_null(trp_exit_queue_pop(&queue));
}

TestSuite(exit_queue, .fini = all_is_taken, .timeout = 600);

static struct trp_exit_notice *push(uint64_t watch, troupe_ref ref)
{
	static uint64_t number;
	struct trp_exit_notice *notice = calloc(1, sizeof(*notice));

	notice->watch = watch;
	notice->end.ref = ref;
	notice->number = ++number;
	trp_exit_queue_push(&queue, notice);
	trp_exit_queue_check(&queue);
	return notice;
}

/* Takes it out, by whichever of its functions was called. */
static void expect(struct trp_exit_notice *taken,
		   const struct trp_exit_notice *notice)
{
	cr_assert_eq(taken, notice);
	trp_exit_queue_check(&queue);
	trp_exit_queue_free(taken);
}

Test(exit_queue, gives_ends_in_the_order_of_their_reports)
{
	struct trp_exit_notice *one = push(1, 0), *two = push(2, 0), *three;

	expect(trp_exit_queue_pop(&queue), one);
	three = push(1, 0);
	expect(trp_exit_queue_pop(&queue), two);
	expect(trp_exit_queue_pop(&queue), three);
	cr_assert_null(trp_exit_queue_pop(&queue));
	one = push(1, 0);
	expect(trp_exit_queue_pop(&queue), one);
}

Test(exit_queue, gives_the_first_of_a_watch_or_of_an_actor_without_one)
{
	struct trp_exit_notice *one = push(1, 5), *two = push(2, 5);
	struct trp_exit_notice *other = push(0, 6), *own = push(0, 5);
	struct trp_exit_notice *again = push(1, 6);

	cr_assert_null(trp_exit_queue_take(&queue, 3, 5));
	cr_assert_null(trp_exit_queue_take(&queue, 0, 7));
	expect(trp_exit_queue_take(&queue, 0, 5), own);
	cr_assert_null(trp_exit_queue_take(&queue, 0, 5));
	expect(trp_exit_queue_take(&queue, 1, 0), one);
	expect(trp_exit_queue_take(&queue, 1, 0), again);
	/* It was the last: the next one comes behind what is left. */
	one = push(4, 5);
	expect(trp_exit_queue_pop(&queue), two);
	expect(trp_exit_queue_pop(&queue), other);
	expect(trp_exit_queue_pop(&queue), one);
}

Test(exit_queue, gives_that_which_it_is_asked_for_from_any_place)
{
	struct trp_exit_notice *one = push(1, 5), *two = push(1, 5);
	struct trp_exit_notice *three = push(1, 5);

	trp_exit_queue_take_out(&queue, two);
	trp_exit_queue_check(&queue);
	trp_exit_queue_free(two);
	trp_exit_queue_take_out(&queue, three);
	trp_exit_queue_check(&queue);
	trp_exit_queue_free(three);
	two = push(1, 5);
	expect(trp_exit_queue_pop(&queue), one);
	expect(trp_exit_queue_pop(&queue), two);
}

Test(exit_queue, drops_all_of_a_watch_and_no_other)
{
	struct trp_exit_notice *kept, *last;

	push(1, 5);
	kept = push(2, 5);
	push(1, 6);
	push(1, 7);
	trp_exit_queue_drop(&queue, 1);
	trp_exit_queue_check(&queue);
	trp_exit_queue_drop(&queue, 1);
	cr_assert_eq(queue.count, 1);
	last = push(3, 5);
	expect(trp_exit_queue_pop(&queue), kept);
	expect(trp_exit_queue_pop(&queue), last);
}

Test(exit_queue, counts_the_bytes_of_the_words_that_ends_have)
{
	struct trp_exit_notice *mute = push(1, 5);
	struct trp_exit_notice *notice = calloc(1, sizeof(*notice));
	struct trp_outcome *outcome = calloc(1, sizeof(*outcome) + 10);
	size_t size;

	notice->end.private_outcome = outcome;
	outcome->text_size = 10;
	notice->number = mute->number + 1;
	size = trp_outcome_size(outcome);
	cr_assert_eq(size, sizeof(*outcome) + 10);
	trp_exit_queue_push(&queue, notice);
	cr_assert_eq(queue.bytes, size);
	expect(trp_exit_queue_pop(&queue), mute);
	cr_assert_eq(queue.bytes, size);
	expect(trp_exit_queue_pop(&queue), notice);
	cr_assert_eq(queue.bytes, 0);
	trp_exit_queue_free(NULL);
}
