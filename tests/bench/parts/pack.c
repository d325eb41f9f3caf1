/* SPDX-License-Identifier: MIT */

/* The cost of serialize/ for a message, in ns: the best of several rounds. */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <protobuf-c/protobuf-c.h>

#include "serialize/envelope.h"
#include "serialize/flat.h"
#include "serialize/message.h"
#include "serialize/type.h"

enum { ROUNDS = 15, PER_ROUND = 20000, ROOM = 4096 };

/*
 * Written out because a bench is linked with no generated code:
 *	message Body { uint64 number = 1; fixed64 id = 2; bytes bytes = 3; }
 */
struct body {
	ProtobufCMessage base;
	uint64_t number;
	uint64_t id;
	ProtobufCBinaryData bytes;
};

static const ProtobufCFieldDescriptor fields[] = {
	{ .name = "number",
	  .id = 1,
	  .label = PROTOBUF_C_LABEL_NONE,
	  .type = PROTOBUF_C_TYPE_UINT64,
	  .offset = offsetof(struct body, number) },
	{ .name = "id",
	  .id = 2,
	  .label = PROTOBUF_C_LABEL_NONE,
	  .type = PROTOBUF_C_TYPE_FIXED64,
	  .offset = offsetof(struct body, id) },
	{ .name = "bytes",
	  .id = 3,
	  .label = PROTOBUF_C_LABEL_NONE,
	  .type = PROTOBUF_C_TYPE_BYTES,
	  .offset = offsetof(struct body, bytes) },
};
static const unsigned by_name[] = { 2, 1, 0 };
static const ProtobufCIntRange ranges[] = { { 1, 0 }, { 0, 3 } };

static void body_init(ProtobufCMessage *message);

static const ProtobufCMessageDescriptor descriptor = {
	.magic = PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC,
	.name = "bench.Body",
	.short_name = "Body",
	.c_name = "Body",
	.package_name = "bench",
	.sizeof_message = sizeof(struct body),
	.n_fields = 3,
	.fields = fields,
	.fields_sorted_by_name = by_name,
	.n_field_ranges = 1,
	.field_ranges = ranges,
	.message_init = body_init,
};

static void body_init(ProtobufCMessage *message)
{
	*(struct body *)message = (struct body) {
		.base = PROTOBUF_C_MESSAGE_INIT(&descriptor),
	};
}

static struct body body;
static unsigned char bytes[sizeof(struct trp_envelope) + ROOM];
static size_t size;
static struct trp_scratch scratch;
static struct trp_type_table table;
static volatile uint64_t sink;

static void pack(void)
{
	sink = trp_message_size(&body.base);
	sink = trp_message_pack(&body.base,
				bytes + sizeof(struct trp_envelope));
}

static void pack_flat(void)
{
	struct trp_flat flat;

	if (trp_flat_measure(&body.base, &flat))
		sink = trp_flat_pack(&body.base, &flat,
				     bytes + sizeof(struct trp_envelope));
}

static void unpack_malloc(void)
{
	ProtobufCMessage *message = protobuf_c_message_unpack(
		&descriptor, NULL, size, bytes + sizeof(struct trp_envelope));

	sink = ((struct body *)message)->id;
	protobuf_c_message_free_unpacked(message, NULL);
}

static void unpack(void)
{
	struct trp_scratch_mark mark = trp_scratch_mark(&scratch);
	ProtobufCMessage *message;

	if (trp_message_unpack(&descriptor, bytes + sizeof(struct trp_envelope),
			       size, &scratch, &message) == 0)
		sink = ((struct body *)message)->id;
	trp_scratch_release(&scratch, mark);
}

static void read_envelope(void)
{
	struct trp_envelope envelope;
	const void *found;
	size_t found_size;

	sink = trp_envelope_read(bytes, sizeof(envelope) + size, &envelope,
				 &found, &found_size) == 0;
}

static void type_of(void)
{
	sink = trp_type_of(&descriptor);
}

static void find(void)
{
	sink = (uintptr_t)trp_type_table_find(&table, 27000);
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static double measure(void (*work)(void))
{
	double best = 1e18;

	for (int round = 0; round < ROUNDS; round++) {
		double began = now(), took;

		for (int i = 0; i < PER_ROUND; i++)
			work();
		took = (now() - began) / PER_ROUND;
		best = took < best ? took : best;
	}
	return best;
}

static void of_size(size_t wanted)
{
	static uint8_t fill[ROOM];

	memset(fill, 0x5a, sizeof(fill));
	body_init(&body.base);
	body.number = 300;
	body.id = 1;
	body.bytes.data = fill;
	body.bytes.len = wanted - 14;
	while (trp_message_size(&body.base) > wanted)
		body.bytes.len--;
	size = trp_message_pack(&body.base,
				bytes + sizeof(struct trp_envelope));
	printf("%6zu %12.1f %12.1f %16.1f %12.1f\n", size, measure(pack),
	       measure(pack_flat), measure(unpack_malloc), measure(unpack));
}

int main(void)
{
	static const size_t sizes[] = { 16, 64, 1024 };
	struct trp_envelope *envelope = (struct trp_envelope *)bytes;
	static char value;

	trp_scratch_init(&scratch, 0);
	*envelope = (struct trp_envelope) { .type = 1, .kind = TRP_MESSAGE };
	for (uint64_t id = 1; id <= 100; id++)
		if (trp_type_table_add(&table, id * id * id, &value) < 0)
			return 1;

	printf("ns per message: protobuf-c, and as it is flat\n"
	       "%6s %12s %12s %16s %12s\n",
	       "bytes", "size + pack", "flat", "unpack, malloc", "flat");
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		of_size(sizes[i]);
	printf("read envelope %.1f, type of descriptor %.1f, find type %.1f\n",
	       measure(read_envelope), measure(type_of), measure(find));
	trp_type_table_fini(&table);
	trp_scratch_fini(&scratch);
	return 0;
}
