/* SPDX-License-Identifier: MIT */
#include "ipc/watch_table.h"

#include <errno.h>
#include <stdlib.h>

#include "ipc/wait.h"

enum { SEATS_MAX = 1 << TRP_SEAT_BITS };

static uint32_t seat_of(uint64_t serial)
{
	return (uint32_t)(serial & (SEATS_MAX - 1));
}

static int grow(struct trp_watch_table *seats)
{
	uint32_t size = seats->size ? seats->size * 2 : 8;
	struct trp_watch **more;

	if (size > SEATS_MAX)
		return -EMFILE;
	more = realloc(seats->seats, size * sizeof(*more));
	if (!more)
		return -ENOMEM;
	for (uint32_t seat = seats->size; seat < size; seat++)
		more[seat] = NULL;
	seats->seats = more;
	seats->size = size;
	return 0;
}

int trp_watch_table_take(struct trp_watch_table *seats, struct trp_watch *watch)
{
	uint32_t seat = seats->lowest;
	int r;

	while (seat < seats->size && seats->seats[seat])
		seat++;
	if (seat == seats->size) {
		r = grow(seats);
		if (r < 0)
			return r;
	}
	watch->serial = ++seats->count << TRP_SEAT_BITS | seat;
	seats->seats[seat] = watch;
	seats->lowest = seat + 1;
	seats->taken++;
	return 0;
}

void trp_watch_table_leave(struct trp_watch_table *seats,
			   struct trp_watch *watch)
{
	uint32_t seat = seat_of(watch->serial);

	if (trp_watch_table_find(seats, watch->serial) != watch)
		return;
	seats->seats[seat] = NULL;
	seats->taken--;
	if (seat < seats->lowest)
		seats->lowest = seat;
	watch->serial = 0;
}

struct trp_watch *trp_watch_table_find(const struct trp_watch_table *seats,
				       uint64_t serial)
{
	uint32_t seat = seat_of(serial);

	if (seat >= seats->size || !seats->seats[seat] ||
	    seats->seats[seat]->serial != serial)
		return NULL;
	return seats->seats[seat];
}

void trp_watch_table_fini(struct trp_watch_table *seats)
{
	free(seats->seats);
	*seats = (struct trp_watch_table) { 0 };
}
