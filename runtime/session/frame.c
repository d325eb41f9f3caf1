/* SPDX-License-Identifier: MIT */
#include "runtime/session/frame.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#define VERSION 1
static const uint8_t magic[2] = { 't', 'm' };

static void put_32(uint8_t *at, uint32_t value)
{
	value = htole32(value);
	memcpy(at, &value, sizeof(value));
}

static void put_64(uint8_t *at, uint64_t value)
{
	value = htole64(value);
	memcpy(at, &value, sizeof(value));
}

static uint32_t get_32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return le32toh(value);
}

static uint64_t get_64(const uint8_t *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return le64toh(value);
}

void trp_frame_write(const struct trp_frame *frame,
		     uint8_t bytes[static TRP_FRAME_HEADER])
{
	memcpy(bytes, magic, sizeof(magic));
	bytes[2] = VERSION;
	bytes[3] = (uint8_t)frame->kind;
	put_32(bytes + 4, frame->from);
	put_32(bytes + 8, frame->to);
	put_32(bytes + 12, frame->flags);
	put_64(bytes + 16, frame->epoch);
	put_64(bytes + 24, frame->echo);
	put_64(bytes + 32, frame->seq);
	put_64(bytes + 40, frame->ack);
	put_64(bytes + 48, frame->bytes_limit);
	put_64(bytes + 56, frame->frames_limit);
}

/* The kind decides which parts there are; all others are zero. */
static bool makes_sense(const struct trp_frame *frame)
{
	uint32_t flags = TRP_FRAME_SEALED;

	if (frame->kind == TRP_FRAME_ACK)
		flags |= TRP_FRAME_ASK | TRP_FRAME_MISSING;
	if (!trp_frame_is_number(frame->from) ||
	    !trp_frame_is_number(frame->to) || frame->from == frame->to ||
	    frame->flags & ~flags || !frame->epoch ||
	    frame->length > TRP_FRAME_PAYLOAD_MAX)
		return false;
	if (!frame->echo != (frame->kind == TRP_FRAME_HELLO))
		return false;
	if ((frame->length > 0) != (frame->kind == TRP_FRAME_MAIL))
		return false;
	return frame->kind > TRP_FRAME_RESET ||
	       !(frame->seq | frame->ack | frame->bytes_limit |
		 frame->frames_limit);
}

int trp_frame_read(const void *bytes, size_t length,
		   struct trp_frame *ret_frame)
{
	const uint8_t *at = bytes;
	struct trp_frame frame = { 0 };

	if (length < TRP_FRAME_HEADER || length > TRP_FRAME_SIZE_MAX ||
	    memcmp(at, magic, sizeof(magic)) != 0 || at[2] != VERSION ||
	    at[3] < TRP_FRAME_HELLO || at[3] >= TRP_FRAME_KINDS)
		return -EBADMSG;
	frame.kind = at[3];
	frame.from = get_32(at + 4);
	frame.to = get_32(at + 8);
	frame.flags = get_32(at + 12);
	frame.epoch = get_64(at + 16);
	frame.echo = get_64(at + 24);
	frame.seq = get_64(at + 32);
	frame.ack = get_64(at + 40);
	frame.bytes_limit = get_64(at + 48);
	frame.frames_limit = get_64(at + 56);
	frame.payload = at + TRP_FRAME_HEADER;
	frame.length = length - TRP_FRAME_HEADER;
	if (frame.flags & TRP_FRAME_SEALED) {
		if (frame.length < TRP_FRAME_TAG)
			return -EBADMSG;
		frame.length -= TRP_FRAME_TAG;
		frame.tag = frame.payload + frame.length;
	}
	if (!makes_sense(&frame))
		return -EBADMSG;
	*ret_frame = frame;
	return 0;
}
