/* SPDX-License-Identifier: MIT */
#pragma once

#include "tests/ipc/wait/kit.h"

/* One wait, and the calls of its watches. */
struct desk {
	struct doorbells *doorbells;
	struct trp_wait wait;
	int descriptors;
	int calls;
	uint32_t events; /* of all calls */
};

extern struct desk desk;

void open_desk(enum trp_wait_kind kind);

/* Asserts that there are as many descriptors as there were. */
void close_desk(void);

/* A watch whose ready() only counts the call. */
struct trp_watch watch_of(int fd, uint32_t events);
void note(struct trp_watch *watch, uint32_t events);

void add(struct trp_watch *watch);
void drop(struct trp_watch *watch);

/* Until that many calls were made; false: they did not come. */
bool sleep_until_calls(int calls);
void look_often(void);

/* An eventfd that is read, and its calls counted, when it is ready. */
struct tap {
	struct trp_watch watch;
	int calls;
};

void open_tap(struct tap *tap);
void close_tap(struct tap *tap);
