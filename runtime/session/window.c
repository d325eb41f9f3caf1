/* SPDX-License-Identifier: MIT */
#include "runtime/session/window.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SPACE_FIRST 4

static struct trp_window_frame **place(const struct trp_window *window,
				       uint64_t seq)
{
	return &window->at[seq & (window->space - 1)];
}

void trp_window_check(const struct trp_window *window)
{
	assert(window->first <= window->next && window->next <= window->sent);
	assert(window->sent <= window->end);
	assert(window->end - window->first <= window->space);
	assert(window->bytes_acked <= window->bytes);
	assert(!(window->space & (window->space - 1)));
	for (uint64_t seq = window->first; seq < window->end; seq++) {
		assert((*place(window, seq))->length <= TRP_FRAME_PAYLOAD_MAX);
		assert((*place(window, seq))->is_written ||
		       seq >= window->sent);
	}
}

void trp_window_fini(struct trp_window *window)
{
	for (uint64_t seq = window->first; seq < window->end; seq++)
		free(*place(window, seq));
	free(window->at);
	*window = (struct trp_window) { 0 };
}

static int make_room(struct trp_window *window)
{
	struct trp_window wider = *window;

	if (window->end - window->first < window->space)
		return 0;
	wider.space = window->space ? 2 * window->space : SPACE_FIRST;
	wider.at = calloc(wider.space, sizeof(*wider.at));
	if (!wider.at)
		return -ENOMEM;
	for (uint64_t seq = window->first; seq < window->end; seq++)
		*place(&wider, seq) = *place(window, seq);
	free(window->at);
	*window = wider;
	return 0;
}

int trp_window_push(struct trp_window *window, enum trp_frame_kind kind,
		    const void *payload, size_t length)
{
	struct trp_window_frame *frame;
	int r;

	assert(length <= TRP_FRAME_PAYLOAD_MAX);
	r = make_room(window);
	if (r < 0)
		return r;
	frame = malloc(sizeof(*frame) + TRP_FRAME_HEADER + length +
		       TRP_FRAME_TAG);
	if (!frame)
		return -ENOMEM;
	*frame = (struct trp_window_frame) { .kind = kind, .length = length };
	if (length)
		memcpy(frame->bytes + TRP_FRAME_HEADER, payload, length);
	*place(window, window->end++) = frame;
	window->bytes += length;
	return 0;
}

struct trp_window_frame *trp_window_next(const struct trp_window *window)
{
	return window->next < window->end ? *place(window, window->next) : NULL;
}

bool trp_window_passed(struct trp_window *window)
{
	bool is_first = window->next == window->sent;

	assert(window->next < window->end);
	window->next++;
	window->sent += is_first;
	return is_first;
}

struct trp_window_frame *trp_window_take(struct trp_window *window)
{
	struct trp_window_frame *frame;

	if (!trp_window_has(window))
		return NULL;
	frame = *place(window, window->first++);
	window->bytes_acked += frame->length;
	if (window->next < window->first)
		window->next = window->first;
	if (window->sent < window->first)
		window->sent = window->first;
	return frame;
}

void trp_window_ack(struct trp_window *window, uint64_t ack)
{
	assert(window->first <= ack && ack <= window->sent);
	while (window->first < ack)
		free(trp_window_take(window));
}

void trp_window_go_back(struct trp_window *window)
{
	window->next = window->first;
}
