/* SPDX-License-Identifier: MIT */
#ifndef TROUPE_TIMER_H
#define TROUPE_TIMER_H

/* Time, and descriptors as sources of events; as troupe.h. */

#include "troupe_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The caller's, zeroed before first use; must live while it is active. */
struct troupe_timer {
	int (*fired)(struct troupe_timer *timer); /* as a handler */
	void *data;
	struct troupe_time at; /* private from here on */
	int64_t period_ns;
	size_t place;
};

/* Starts or restarts it.  period_ms 0: once.  -EINVAL, -ENOMEM. */
TROUPE_API int troupe_timer_start(struct troupe_timer *timer,
				  struct troupe_time at, int64_t period_ms);
/* 1: it was active and will not fire; 0: it was not active. */
TROUPE_API int troupe_timer_cancel(struct troupe_timer *timer);
/* Milliseconds until it fires, a part of one counted whole; 0: it is due;
 * -ENOENT: it is not active. */
TROUPE_API int64_t troupe_timer_remaining(const struct troupe_timer *timer);

/*
 * Sets idle_ms of this actor in place of its class's, from now on; 0: no more.
 * -EINVAL: negative, a class without idle(), or a function actor.
 */
TROUPE_API int troupe_idle_after(int32_t idle_ms);

/*
 * A descriptor as a source of events; owned by the caller, zeroed before first
 * use.  ready runs as a handler, between messages.  The descriptor is polled
 * again only after it has returned, for `events` as they are then.  POLLERR and
 * POLLHUP always count; POLLNVAL: it cannot be watched any more, and was
 * removed.
 * More sources: troupe_io.h.
 */
struct trp_input;
struct troupe_input {
	int fd;
	short events;	/* POLLIN, POLLOUT */
	unsigned count; /* runs; removed before the last of them; 0: no limit */
	int (*ready)(struct troupe_input *input, short events);
	void *data;
	struct trp_input *private_source;
};
/*
 * 0; -EALREADY; -EINVAL: no handler, or a negative descriptor; -EBADF: it is
 * not open; -ENOMEM; without io_uring also -EPERM: a plain file, -EEXIST: it is
 * watched already; or as io_uring_setup(2).
 */
TROUPE_API int troupe_input_add(struct troupe_input *input);
TROUPE_API void troupe_input_remove(struct troupe_input *input);

#ifdef __cplusplus
}
#endif

#endif
