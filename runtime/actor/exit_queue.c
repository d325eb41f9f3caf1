/* SPDX-License-Identifier: MIT */
/* Queues of ends that were told and are not dealt with yet. */
#include "runtime/actor/actor.h"

void trp_news_push(struct trp_news_queue *queue, struct trp_news *news)
{
	if (!queue->first)
		queue->last = &queue->first;
	news->next = NULL;
	*queue->last = news;
	queue->last = &news->next;
	queue->count++;
}

static struct trp_news *unlink_news(struct trp_news_queue *queue,
				    struct trp_news **link)
{
	struct trp_news *news = *link;

	*link = news->next;
	if (queue->last == &news->next)
		queue->last = link;
	queue->count--;
	return news;
}

struct trp_news *trp_news_pop(struct trp_news_queue *queue)
{
	return queue->first ? unlink_news(queue, &queue->first) : NULL;
}

struct trp_news *trp_news_take(struct trp_news_queue *queue, uint64_t watch,
			       troupe_ref ref)
{
	struct trp_news **link;

	for (link = &queue->first; *link; link = &(*link)->next)
		if ((*link)->watch == watch &&
		    (watch || (*link)->end.ref == ref))
			return unlink_news(queue, link);
	return NULL;
}
