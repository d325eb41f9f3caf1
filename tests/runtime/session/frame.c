/* SPDX-License-Identifier: MIT */
#include "runtime/session/frame.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

static const struct trp_frame mail = {
	.kind = TRP_FRAME_MAIL,
	.from = 0x010203,
	.to = 0x040506,
	.epoch = 0x1112131415161718,
	.echo = 0x2122232425262728,
	.seq = 3,
	.ack = 4,
	.bytes_limit = 0x5000,
	.frames_limit = 6,
};

static const uint8_t golden[TRP_FRAME_HEADER + 2] = {
	't',  'm',  1,	  5,	3,    2,    1,	  0,	6,    5,    4,
	0,    0,    0,	  0,	0,    0x18, 0x17, 0x16, 0x15, 0x14, 0x13,
	0x12, 0x11, 0x28, 0x27, 0x26, 0x25, 0x24, 0x23, 0x22, 0x21, 3,
	0,    0,    0,	  0,	0,    0,    0,	  4,	0,    0,    0,
	0,    0,    0,	  0,	0,    0x50, 0,	  0,	0,    0,    0,
	0,    6,    0,	  0,	0,    0,    0,	  0,	0,    'h',  'i',
};

Test(frame, has_the_layout_that_its_header_tells)
{
	uint8_t bytes[TRP_FRAME_HEADER];

	trp_frame_write(&mail, bytes);
	cr_assert_arr_eq(bytes, golden, sizeof(bytes));
}

Test(frame, reads_back_as_it_was_written)
{
	struct trp_frame back;

	cr_assert_eq(trp_frame_read(golden, sizeof(golden), &back), 0);
	cr_assert_eq(back.kind, mail.kind);
	cr_assert_eq(back.from, mail.from);
	cr_assert_eq(back.to, mail.to);
	cr_assert_eq(back.flags, 0);
	cr_assert_eq(back.epoch, mail.epoch);
	cr_assert_eq(back.echo, mail.echo);
	cr_assert_eq(back.seq, mail.seq);
	cr_assert_eq(back.ack, mail.ack);
	cr_assert_eq(back.bytes_limit, mail.bytes_limit);
	cr_assert_eq(back.frames_limit, mail.frames_limit);
	cr_assert_eq(back.length, 2);
	cr_assert_eq(memcmp(back.payload, "hi", 2), 0);
	cr_assert_null(back.tag);
}

static int read_with(size_t place, uint8_t value, size_t length)
{
	uint8_t bytes[sizeof(golden)];
	struct trp_frame back;

	memcpy(bytes, golden, sizeof(bytes));
	bytes[place] = value;
	return trp_frame_read(bytes, length, &back);
}

Test(frame, that_makes_no_sense_is_refused)
{
	static const struct {
		const char *what;
		size_t place;
		uint8_t value;
	} cases[] = {
		{ "magic", 0, 'x' },
		{ "version", 2, 2 },
		{ "no kind", 3, 0 },
		{ "an unknown kind", 3, TRP_FRAME_KINDS },
		{ "a number of 25 bits", 7, 1 },
		{ "a hello with an echo", 3, TRP_FRAME_HELLO },
		{ "an ACK with a payload", 3, TRP_FRAME_ACK },
		{ "an unknown flag", 12, 8 },
		{ "a flag of ACK", 12, TRP_FRAME_ASK },
		{ "sealed, without a tag", 12, TRP_FRAME_SEALED },
	};

	cr_assert_eq(read_with(0, 't', sizeof(golden)), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_assert_eq(read_with(cases[i].place, cases[i].value,
				       sizeof(golden)),
			     -EBADMSG, "%s", cases[i].what);
	for (size_t length = 0; length <= TRP_FRAME_HEADER; length++)
		cr_assert_eq(read_with(0, 't', length), -EBADMSG);
}

Test(frame, of_a_sender_without_number_or_to_itself_is_refused)
{
	uint8_t bytes[TRP_FRAME_HEADER + 2];
	struct trp_frame frame = mail, back;

	for (uint32_t from = 0; from < 2; from++) {
		frame.from = from;
		trp_frame_write(&frame, bytes);
		cr_assert_eq(trp_frame_read(bytes, sizeof(bytes), &back),
			     -EBADMSG);
	}
	frame.from = frame.to;
	trp_frame_write(&frame, bytes);
	cr_assert_eq(trp_frame_read(bytes, sizeof(bytes), &back), -EBADMSG);
}
