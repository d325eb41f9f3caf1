/* SPDX-License-Identifier: MIT */
/*
 * A member of the bus that is no node of ours: it has a number for a value, as
 * nodes of the original may, and would die of a text.
 */
#include "tests/runtime/mesh/kit.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "ipc/bus/bus.h"
#include "serialize/beacon/codecs.h"

static struct {
	struct trp_bus *bus;
	const struct trp_codec *codec;
	bool is_up;
	int texts, nones, notes;	  /* of others, heard */
	char head[TRP_WIRE_NAME_MAX + 1]; /* the last that pinged */
} stranger;

static void note_value(const struct trp_wire *wire)
{
	bool is_text = wire->value.type == TRP_SCALAR_TEXT;

	if (strcmp(trp_wire_about(wire), "stranger") == 0)
		return;
	stranger.texts += is_text;
	stranger.nones += wire->value.type == TRP_SCALAR_NONE;
	if (wire->type == TRP_WIRE_PING)
		snprintf(stranger.head, sizeof(stranger.head), "%s",
			 wire->node);
}

static void hear(void *user, const void *payload, size_t length)
{
	struct trp_wire wire;

	cr_assert(trp_wire_decode(stranger.codec, payload, length, &wire) == 0);
	if (wire.type == TRP_WIRE_PING || wire.type == TRP_WIRE_HIST)
		note_value(&wire);
	if (wire.type == TRP_WIRE_VERS && wire.from)
		stranger.notes++;
	trp_wire_fini(&wire);
}

static void note_change(void *user, int error)
{
	stranger.is_up = error == 0;
}

static void run_bus(int ms)
{
	struct pollfd poll_fd = { .fd = trp_bus_fd(stranger.bus),
				  .events = POLLIN };

	poll(&poll_fd, 1, ms);
	trp_bus_run(stranger.bus, trp_time_now());
}

static void open_bus(const char *url)
{
	static const struct trp_bus_calls calls = { .changed = note_change,
						    .deliver = hear };
	struct trp_bus_address address;

	memset(&stranger, 0, sizeof(stranger));
	stranger.codec = trp_codecs_find("cbor");
	if (!stranger.codec)
		stranger.codec = trp_codecs_find("msgpack");
	cr_assert(stranger.codec);
	cr_assert(trp_bus_address_parse(url, "test", &address) == 0);
	cr_assert(trp_bus_open(&stranger.bus, &address, &calls, NULL) == 0);
	while (!stranger.is_up)
		run_bus(100);
}

/* It follows the last ping that it heard, as after one it did not. */
static void ping(int64_t value)
{
	char bytes[512];
	struct trp_writer writer = { .data = bytes, .space = sizeof(bytes) };
	const char *history[] = { "stranger", stranger.head };
	const struct trp_wire wire = {
		.type = TRP_WIRE_PING,
		.node = "stranger",
		.value = { TRP_SCALAR_INT, { .integer = value } },
		.history = history,
		.history_length = 1 + !!*stranger.head,
	};

	cr_assert(trp_wire_encode(stranger.codec, &wire, &writer) == 0);
	cr_assert(trp_bus_send(stranger.bus, bytes, writer.length) == 0);
}

/* A ping each cycle or so, until it is so; at first more, as ours may not hear
 * yet, and would say their texts if they heard nothing. */
static void play_until(bool (*is_so)(void), const char *what)
{
	enum { ROUNDS = 1200 };

	for (int i = 0; i < ROUNDS; i++) {
		if (is_so())
			return;
		if (i < 10 || i % 5 == 4)
			ping(31);
		for (int j = 0; j < 10; j++)
			run_bus(20);
	}
	cr_assert(false, "not so: %s", what);
}

static bool is_led_and_seen(void)
{
	int live = board->seen[0].live;

	return is_one_leading() && live == 3 && board->seen[1].live == 3 &&
	       board->seen[0].its > 0 && board->seen[1].its > 0 &&
	       board->seen[leading()].running && board->seen[0].offering == 1 &&
	       board->seen[1].offering == 1;
}

static int guarding_root(int argc, char **argv)
{
	CHECK(troupe_singleton("guardian", &guardian, NULL) == 0);
	return mesh_root(argc, argv);
}

static const char *prepare(void)
{
	static char url[64];

	snprintf(url, sizeof(url), "local:%s/mesh", make_folder());
	mesh_prepare(2, url);
	nodes[0].root = nodes[1].root = guarding_root;
	return url;
}

Test(originals, no_text_is_said_to_one_with_a_number_and_one_of_ours_leads)
{
	open_bus(prepare());
	ping(31);
	mesh_start(0);
	mesh_start(1);
	play_until(is_led_and_seen, "ours take part, and one leads");
	cr_assert(stranger.texts == 0, "%d", stranger.texts);
	cr_assert(stranger.nones > 0 && stranger.notes > 2);
	trp_bus_close(stranger.bus);
	mesh_end();
	drop_folder();
}

static bool has_heard_texts(void)
{
	return stranger.texts > 4 && is_settled() && is_one_leading();
}

static bool is_spoken_to(void)
{
	return stranger.nones > 4;
}

Test(originals, one_that_comes_later_is_told_no_text_from_then_on)
{
	int texts;

	open_bus(prepare());
	mesh_start(0);
	mesh_start(1);
	for (int i = 0; i < 6000 && !has_heard_texts(); i++)
		run_bus(20);
	cr_assert(has_heard_texts());
	ping(31);
	/* Texts may be under way still. */
	stranger.nones = 0;
	play_until(is_spoken_to, "they have turned");
	texts = stranger.texts;
	mesh_mark();
	play_until(is_led_and_seen, "and go on");
	cr_assert(stranger.texts == texts, "%d texts more",
		  stranger.texts - texts);
	trp_bus_close(stranger.bus);
	mesh_end();
	drop_folder();
}
