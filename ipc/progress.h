/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * How far a receiver has come in the lanes from one sender, as any other
 * process, or its successor, finds it in the regions of its incarnations: from
 * the newest back to the first that has imported (README.md, "Succession").
 * All that is read is untrusted.
 */

#include "ipc/lane.h"

struct trp_progress {
	const struct trp_endpoint *endpoint; /* NULL: it knows no such sender */
	const struct trp_front *front;	/* of the region with that endpoint */
	const struct trp_front *oldest; /* whose `handling` counts, or NULL */
};

/* A place in a stream: records that begin below `done` are done with. */
struct trp_place {
	uint32_t incarnation; /* of the sender */
	uint64_t head, ring, base;
	uint64_t done;
	uint64_t begun; /* below it they have been handed out */
};

/* Whether a front is that of a region's holder, which has set it up. */
bool trp_progress_is_set_up(const struct trp_arena *arena, uint32_t region);
/* And that holder needs no older region. */
bool trp_progress_has_imported(const struct trp_arena *arena, uint32_t region);

/*
 * Calls visit for each sender, not dead for good, that is known in that region
 * or an older one; once, where its place is.
 */
void trp_progress_each(const struct trp_arena *arena, uint32_t region,
		       void (*visit)(uint32_t sender, uint64_t life,
				     const struct trp_progress *progress,
				     void *data),
		       void *data);

/* The front of the first that has imported, from that region back; or NULL. */
const struct trp_front *trp_progress_oldest(const struct trp_arena *arena,
					    uint32_t region);

/* From that region of the receiver back. */
struct trp_progress trp_progress_find(const struct trp_arena *arena,
				      uint32_t region, uint32_t sender,
				      uint32_t generation);

/*
 * Of one stream.  life: of the sender.  A receiver that does not know it stands
 * at the beginning of the oldest incarnation that has a region.
 */
struct trp_place trp_progress_place(const struct trp_arena *arena,
				    const struct trp_progress *progress,
				    uint32_t sender, uint64_t life,
				    enum trp_stream stream);
