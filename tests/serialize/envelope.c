/* SPDX-License-Identifier: MIT */
#include "serialize/envelope.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

static const struct trp_envelope call = {
	.type = 0x0102030405060708,
	.sender = 0x1112131415161718,
	.correlation = 0x2122232425262728,
	.deadline = 0x3132333435363738,
	.created = 0x4142434445464748,
	.flow = 0x5152535455565758,
	.service = 0x6162636465666768,
	.hop = 0x0012,
	.kind = TRP_CALL,
	.flags = TRP_TRACED,
	.method = 0x7172,
	.cpu = 0x8182,
};

static int read_one(const struct trp_envelope *envelope)
{
	struct trp_envelope copy;
	const void *body;
	size_t size;

	return trp_envelope_read(envelope, sizeof(*envelope), &copy, &body,
				 &size);
}

Test(envelope, layout_is_these_bytes)
{
	static const unsigned char golden[64] = {
		0x08, 0x07, 0x06, 0x05,
		0x04, 0x03, 0x02, 0x01, /* type */
		0x18, 0x17, 0x16, 0x15,
		0x14, 0x13, 0x12, 0x11, /* sender */
		0x28, 0x27, 0x26, 0x25,
		0x24, 0x23, 0x22, 0x21, /* correlation */
		0x38, 0x37, 0x36, 0x35,
		0x34, 0x33, 0x32, 0x31, /* deadline */
		0x48, 0x47, 0x46, 0x45,
		0x44, 0x43, 0x42, 0x41, /* created */
		0x58, 0x57, 0x56, 0x55,
		0x54, 0x53, 0x52, 0x51, /* flow */
		0x68, 0x67, 0x66, 0x65,
		0x64, 0x63, 0x62, 0x61, /* service */
		0x12, 0x00, 0x02, 0x01, /* hop, kind, flags */
		0x72, 0x71, 0x82, 0x81, /* method, cpu */
	};

	cr_assert_eq(memcmp(&call, golden, sizeof(golden)), 0);
}

Test(envelope, is_read_from_any_address_with_its_body)
{
	unsigned char bytes[1 + sizeof(call) + 3];
	struct trp_envelope envelope;
	const void *body;
	size_t size;

	memcpy(bytes + 1, &call, sizeof(call));
	cr_assert_eq(trp_envelope_read(bytes + 1, sizeof(call) + 3, &envelope,
				       &body, &size),
		     0);
	cr_assert_eq(memcmp(&envelope, &call, sizeof(call)), 0);
	cr_assert_eq(body, bytes + 1 + sizeof(call));
	cr_assert_eq(size, 3);
}

Test(envelope, a_body_of_no_bytes_is_legal)
{
	cr_assert_eq(read_one(&call), 0);
}

Test(envelope, too_short_is_refused_and_outputs_stay)
{
	struct trp_envelope envelope = { .type = 1 };
	const void *body = &body;
	size_t size = 2;

	for (size_t have = 0; have < sizeof(call); have++)
		cr_assert_eq(
			trp_envelope_read(&call, have, &envelope, &body, &size),
			-EBADMSG);
	cr_assert_eq(envelope.type, 1);
	cr_assert_eq(body, &body);
	cr_assert_eq(size, 2);
}

Test(envelope, each_kind_is_read_and_no_other)
{
	for (unsigned kind = 0; kind <= UINT8_MAX; kind++) {
		struct trp_envelope envelope = call;
		bool is_known = kind >= TRP_MESSAGE && kind <= TRP_AWAY;

		envelope.kind = (uint8_t)kind;
		envelope.service = kind == TRP_CALL ? 1 : 0;
		cr_assert_eq(read_one(&envelope), is_known ? 0 : -EBADMSG,
			     "kind %u", kind);
	}
}

/* Which carries messages of all kinds. */
Test(envelope, to_or_from_the_mail_actor_any_service_and_type_is_read)
{
	struct trp_envelope envelope = call;

	envelope.kind = TRP_AWAY;
	for (int i = 0; i < 4; i++) {
		envelope.service = (uint64_t)(i & 1);
		envelope.type = (uint64_t)(i & 2);
		cr_assert_eq(read_one(&envelope), 0, "%d", i);
	}
}

Test(envelope, an_unknown_flag_is_refused)
{
	for (unsigned flags = 0; flags <= UINT8_MAX; flags++) {
		struct trp_envelope envelope = call;

		envelope.flags = (uint8_t)flags;
		cr_assert_eq(read_one(&envelope), flags & 2 ? -EBADMSG : 0,
			     "flags %u", flags);
	}
}

Test(envelope, a_call_names_its_service_and_nothing_else_does)
{
	for (unsigned kind = TRP_MESSAGE; kind <= TRP_ALIASED; kind++) {
		struct trp_envelope envelope = call;

		envelope.kind = (uint8_t)kind;
		envelope.service = kind == TRP_CALL ? 0 : 1;
		cr_assert_eq(read_one(&envelope), -EBADMSG, "kind %u", kind);
	}
}

Test(envelope, only_a_failure_may_have_no_type)
{
	for (unsigned kind = TRP_MESSAGE; kind <= TRP_ALIASED; kind++) {
		struct trp_envelope envelope = call;

		envelope.kind = (uint8_t)kind;
		envelope.service = kind == TRP_CALL ? 1 : 0;
		envelope.type = 0;
		cr_assert_eq(read_one(&envelope),
			     kind == TRP_FAILURE ? 0 : -EBADMSG, "kind %u",
			     kind);
	}
}

Test(envelope, hops_stay_at_the_last)
{
	struct trp_envelope envelope = call;

	envelope.hop = UINT16_MAX;
	cr_assert_eq(read_one(&envelope), 0);
	cr_assert_eq(trp_envelope_next_hop(7), 8);
	cr_assert_eq(trp_envelope_next_hop(UINT16_MAX), UINT16_MAX);
}

Test(envelope, a_time_before_the_clock_began_is_refused)
{
	struct trp_envelope envelope = call;

	envelope.deadline = -1;
	cr_assert_eq(read_one(&envelope), -EBADMSG);
	envelope = call;
	envelope.created = INT64_MIN;
	cr_assert_eq(read_one(&envelope), -EBADMSG);
	envelope = call;
	envelope.deadline = INT64_MAX;
	cr_assert_eq(read_one(&envelope), 0);
}
