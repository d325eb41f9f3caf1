/* SPDX-License-Identifier: MIT */
/*
 * Frames of another node, after a session with it was opened: each begins with
 * its length.  A frame that is read can be written, and reads back the same.
 * The first byte of a frame chooses who says it, and whether its epochs are
 * those of the session.
 */
#include "runtime/session/sessions.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t epoch; /* the last that was drawn */

static int ignore_send(void *user, uint32_t number, const uint8_t *frame,
		       size_t length, bool is_question)
{
	struct trp_frame sent;

	if (trp_frame_read(frame, length, &sent) < 0 || sent.to != number)
		abort();
	return 0;
}

static void next(void *user, void *bytes, size_t length)
{
	epoch++;
	memcpy(bytes, &epoch, length);
}

static void ignore_up(void *user, uint32_t number)
{
}

static bool take(void *user, uint32_t number, const uint8_t *payload,
		 size_t length)
{
	return payload[length - 1] != 0;
}

static void ignore_lost(void *user, uint32_t number, const uint8_t *payload,
			size_t length, bool may_have_arrived)
{
}

static void ignore_down(void *user, uint32_t number, int error)
{
}

static const struct trp_session_calls calls = {
	.send = ignore_send,
	.random = next,
	.up = ignore_up,
	.deliver = take,
	.room = ignore_up,
	.lost = ignore_lost,
	.down = ignore_down,
};

static void write_and_read(const uint8_t *bytes, size_t length)
{
	static uint8_t copy[TRP_FRAME_SIZE_MAX];
	struct trp_frame frame;

	if (trp_frame_read(bytes, length, &frame) < 0)
		return;
	if (frame.length > length || frame.payload < bytes ||
	    frame.payload + frame.length > bytes + length)
		abort();
	memcpy(copy, bytes, length);
	trp_frame_write(&frame, copy);
	if (memcmp(copy, bytes, length) != 0)
		abort();
}

/* The epochs of the open session, which a stranger would have to guess. */
static void make_of_session(uint8_t *bytes, size_t length, uint64_t ours)
{
	static const uint64_t theirs = 1000;

	if (length < TRP_FRAME_HEADER)
		return;
	memcpy(bytes + 16, &theirs, sizeof(theirs));
	memcpy(bytes + 24, &ours, sizeof(ours));
}

static struct trp_sessions *begin(struct trp_time now)
{
	struct trp_sessions_options options = { .number = 2, .peers_max = 4 };
	struct trp_sessions *sessions;
	struct trp_frame welcome = { .kind = TRP_FRAME_WELCOME,
				     .from = 3,
				     .to = 2,
				     .epoch = 1000,
				     .echo = 1 };
	uint8_t bytes[TRP_FRAME_HEADER];

	epoch = 0;
	if (trp_sessions_new(&sessions, &options, &calls, NULL) < 0 ||
	    trp_sessions_send(sessions, 3, "mail", 4, now) < 0)
		abort();
	trp_frame_write(&welcome, bytes);
	trp_sessions_receive(sessions, bytes, sizeof(bytes), now);
	return sessions;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t bytes[TRP_FRAME_SIZE_MAX];
	struct trp_time now = { 1000000000 };
	struct trp_sessions *sessions = begin(now);
	size_t length;

	while (size >= 3) {
		length = (size_t)data[0] | (size_t)data[1] << 8;
		if (length > size - 3)
			length = size - 3;
		memcpy(bytes, data + 3, length);
		if (data[2] & 1)
			make_of_session(bytes, length, epoch);
		if (data[2] & 2)
			make_of_session(bytes, length, 1);
		write_and_read(bytes, length);
		trp_sessions_receive(sessions, bytes, length, now);
		now.ns += (int64_t)(data[2] >> 2) * 100000000;
		trp_sessions_tick(sessions, now);
		trp_sessions_check(sessions);
		data += 3 + length;
		size -= 3 + length;
	}
	trp_sessions_free(sessions);
	return 0;
}
