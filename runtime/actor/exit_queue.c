/* SPDX-License-Identifier: MIT */
#include "runtime/actor/exit_queue.h"

#include <assert.h>
#include <stdlib.h>

void trp_exit_queue_free(struct trp_exit_notice *notice)
{
	if (!notice)
		return;
	trp_scratch_fini(&notice->scratch);
	free(notice->end.private_outcome);
	free(notice);
}

static size_t bytes_of(const struct trp_exit_notice *notice)
{
	return notice->end.private_outcome
		       ? trp_outcome_size(notice->end.private_outcome)
		       : 0;
}

void trp_exit_queue_push(struct trp_exit_queue *queue,
			 struct trp_exit_notice *notice)
{
	if (!queue->first)
		queue->last = &queue->first;
	notice->next = NULL;
	*queue->last = notice;
	queue->last = &notice->next;
	queue->count++;
	queue->bytes += bytes_of(notice);
}

void trp_exit_queue_check(const struct trp_exit_queue *queue)
{
	struct trp_exit_notice *const *link = &queue->first;
	size_t count = 0, bytes = 0;

	for (; *link; link = &(*link)->next, count++) {
		assert(!(*link)->next ||
		       (*link)->number <= (*link)->next->number);
		bytes += bytes_of(*link);
	}
	assert(queue->count == count && queue->bytes == bytes);
	assert(!count || queue->last == link);
}

static struct trp_exit_notice *unlink_notice(struct trp_exit_queue *queue,
					     struct trp_exit_notice **link)
{
	struct trp_exit_notice *notice = *link;

	assert(queue->count > 0);
	*link = notice->next;
	if (queue->last == &notice->next)
		queue->last = link;
	queue->count--;
	queue->bytes -= bytes_of(notice);
	return notice;
}

struct trp_exit_notice *trp_exit_queue_pop(struct trp_exit_queue *queue)
{
	return queue->first ? unlink_notice(queue, &queue->first) : NULL;
}

struct trp_exit_notice *trp_exit_queue_take(struct trp_exit_queue *queue,
					    uint64_t watch, troupe_ref ref)
{
	struct trp_exit_notice **link;

	for (link = &queue->first; *link; link = &(*link)->next)
		if ((*link)->watch == watch &&
		    (watch || (*link)->end.ref == ref))
			return unlink_notice(queue, link);
	return NULL;
}

void trp_exit_queue_take_out(struct trp_exit_queue *queue,
			     const struct trp_exit_notice *notice)
{
	struct trp_exit_notice **link = &queue->first;

	while (*link != notice)
		link = &(*link)->next;
	unlink_notice(queue, link);
}

void trp_exit_queue_drop(struct trp_exit_queue *queue, uint64_t watch)
{
	struct trp_exit_notice *notice;

	while ((notice = trp_exit_queue_take(queue, watch, 0)))
		trp_exit_queue_free(notice);
}
