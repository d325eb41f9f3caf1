/* SPDX-License-Identifier: MIT */
/* Queues of ends that were told and are not dealt with yet. */
#include "runtime/actor/actor.h"

void trp_exit_queue_push(struct trp_exit_queue *queue,
			 struct trp_exit_notice *news)
{
	if (!queue->first)
		queue->last = &queue->first;
	news->next = NULL;
	*queue->last = news;
	queue->last = &news->next;
	queue->count++;
}

static struct trp_exit_notice *unlink_news(struct trp_exit_queue *queue,
					   struct trp_exit_notice **link)
{
	struct trp_exit_notice *news = *link;

	*link = news->next;
	if (queue->last == &news->next)
		queue->last = link;
	queue->count--;
	return news;
}

struct trp_exit_notice *trp_exit_queue_pop(struct trp_exit_queue *queue)
{
	return queue->first ? unlink_news(queue, &queue->first) : NULL;
}

struct trp_exit_notice *trp_exit_queue_take(struct trp_exit_queue *queue,
					    uint64_t watch, troupe_ref ref)
{
	struct trp_exit_notice **link;

	for (link = &queue->first; *link; link = &(*link)->next)
		if ((*link)->watch == watch &&
		    (watch || (*link)->end.ref == ref))
			return unlink_news(queue, link);
	return NULL;
}
