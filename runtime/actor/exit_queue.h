/* SPDX-License-Identifier: MIT */
#pragma once

/* Queues of reported ends that are not handled yet. */

#include <stddef.h>
#include <stdint.h>
#include "runtime/node/outcome.h"
#include "runtime/troupe.h"
#include "serialize/scratch.h"

struct trp_exit_notice {
	struct trp_exit_notice *next;
	uint64_t watch;	       /* see node/watch.h */
	uint64_t number;       /* once unclaimed: as in struct trp_saved_mail */
	uint64_t taken;	       /* see target_watch.h */
	uint64_t drained;      /* records taken before it */
	struct troupe_end end; /* which owns its outcome */
	struct troupe_message message;
	struct trp_scratch scratch; /* of the message's body */
};

/* With that which its end points to.  NULL: nothing. */
void trp_exit_queue_free(struct trp_exit_notice *notice);

struct trp_exit_queue {
	struct trp_exit_notice *first;
	struct trp_exit_notice **last;
	size_t count;
	size_t bytes; /* of outcomes */
};

void trp_exit_queue_push(struct trp_exit_queue *queue,
			 struct trp_exit_notice *notice);
void trp_exit_queue_check(const struct trp_exit_queue *queue);
struct trp_exit_notice *trp_exit_queue_pop(struct trp_exit_queue *queue);
/* Takes out the first with that watch, or (watch 0) about that actor; or
 * NULL. */
struct trp_exit_notice *trp_exit_queue_take(struct trp_exit_queue *queue,
					    uint64_t watch, troupe_ref ref);
/* Takes out that one, which is in it. */
void trp_exit_queue_take_out(struct trp_exit_queue *queue,
			     const struct trp_exit_notice *notice);
/* Frees all with that watch. */
void trp_exit_queue_drop(struct trp_exit_queue *queue, uint64_t watch);
