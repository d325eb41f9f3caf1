/* SPDX-License-Identifier: MIT */
/*
 * Bytes from a bus: the first chooses the codec.  A message that is read can be
 * written, and reads back the same; a beacon survives it.
 */
#include "runtime/election/beacon.h"
#include "runtime/election/beacon_receive.h"
#include "serialize/beacon/codecs.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ignore_send(void *user, const struct trp_wire *message)
{
}

static void ignore_event(void *user, const struct trp_beacon_event *event)
{
}

static double half(void *user)
{
	return 0.5;
}

static const struct trp_beacon_calls calls = { .send = ignore_send,
					       .event = ignore_event,
					       .random = half };

static struct trp_beacon *begin(void)
{
	struct trp_beacon_options options = { .node = "me",
					      .config = trp_wire_defaults,
					      .peers_max = 8 };
	struct trp_wire echo = { .type = TRP_WIRE_INIT, .node = "me" };
	struct trp_time zero = { 0 };
	struct trp_beacon *beacon;

	if (trp_beacon_new(&beacon, &options, &calls, NULL) < 0)
		abort();
	trp_beacon_start(beacon, zero);
	trp_beacon_receive(beacon, &echo, zero);
	return beacon;
}

static void write_and_read(const struct trp_codec *codec,
			   const struct trp_wire *wire)
{
	static char space[4 * TRP_WIRE_SIZE_MAX];
	struct trp_writer writer = { .data = space, .space = sizeof(space) };
	struct trp_wire back;

	if (trp_wire_encode(codec, wire, &writer) < 0)
		abort();
	if (trp_wire_decode(codec, space, writer.length, &back) < 0)
		abort();
	if (back.type != wire->type ||
	    back.history_length != wire->history_length ||
	    trp_scalar_compare(&back.value, &wire->value) != 0)
		abort();
	trp_wire_fini(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct trp_codec *codec;
	struct trp_beacon *beacon;
	struct trp_wire wire;
	struct trp_time now = { 0 };

	if (!size)
		return 0;
	codec = trp_codecs_find(data[0] & 1 ? "cbor" : "msgpack");
	if (!codec || trp_wire_decode(codec, data + 1, size - 1, &wire) < 0)
		return 0;
	if (size < TRP_WIRE_SIZE_MAX / 2)
		write_and_read(codec, &wire);
	beacon = begin();
	for (now.ns = 1; now.ns < 5; now.ns++) {
		trp_beacon_receive(beacon, &wire, now);
		trp_beacon_tick(beacon, trp_beacon_deadline(beacon));
	}
	trp_beacon_free(beacon);
	trp_wire_fini(&wire);
	return 0;
}
