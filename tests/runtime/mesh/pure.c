/* SPDX-License-Identifier: MIT */
/* Packing for the bus actor, and parsing of others' values. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "runtime/actor/self.h"
#include "runtime/mesh/announcement.h"
#include "runtime/mesh/app_value.h"
#include "runtime/election/beacon_receive.h"
#include "runtime/mesh/bus_actor.h"
#include "runtime/mesh/mesh.h"
#include "runtime/mesh/pack.h"
#include "serialize/beacon/codecs.h"
#include "runtime/supervisor/supervisor.h"

/* ---- packing ------------------------------------------------------------ */

static void through(const struct trp_wire *wire,
		    struct trp_mesh_pack_decoded *ret_unpacked, uint8_t *space)
{
	struct trp_mesh_pack_encoded packed;
	Troupe__Mesh__Wire *read;
	size_t size;

	trp_mesh_pack_encode(wire, &packed);
	size = troupe__mesh__wire__pack(&packed.wire, space);
	read = troupe__mesh__wire__unpack(NULL, size, space);
	cr_assert(read);
	cr_assert(trp_mesh_pack_decode(read, ret_unpacked) == 0);
	/* The value's bytes are borrowed: from what stays. */
	if (trp_scalar_has_span(&wire->value)) {
		cr_assert(memcmp(ret_unpacked->wire.value.span.data,
				 wire->value.span.data,
				 wire->value.span.length) == 0);
		ret_unpacked->wire.value.span.data = wire->value.span.data;
	}
	troupe__mesh__wire__free_unpacked(read, NULL);
}

Test(pack, a_ping_comes_out_as_it_went_in)
{
	static const char *const history[] = { "me", "you", "\xff\x01" };
	static uint8_t space[1024];
	static struct trp_mesh_pack_decoded out;
	const struct trp_wire wire = { .type = TRP_WIRE_PING,
				       .node = "me",
				       .value = trp_scalar_text("a\0b"),
				       .history = history,
				       .history_length = 3 };

	through(&wire, &out, space);
	cr_assert(out.wire.type == TRP_WIRE_PING);
	cr_assert_str_eq(out.wire.node, "me");
	cr_assert(out.wire.history_length == 3);
	cr_assert_str_eq(out.wire.history[2], "\xff\x01");
	cr_assert(trp_scalar_compare(&out.wire.value, &wire.value) == 0);
}

Test(pack, a_value_of_each_type_comes_out_as_it_went_in)
{
	const struct trp_scalar values[] = {
		{ .type = TRP_SCALAR_NONE },
		{ .type = TRP_SCALAR_BOOL, .flag = true },
		{ .type = TRP_SCALAR_INT, .integer = INT64_MIN },
		{ .type = TRP_SCALAR_REAL, .real = 0.1 * 3 },
		{ .type = TRP_SCALAR_BYTES, .span = { "a\0b", 3 } },
		{ .type = TRP_SCALAR_RAW, .span = { "\x80", 1 } },
	};
	static const char *const history[] = { "me" };
	static uint8_t space[1024];
	static struct trp_mesh_pack_decoded out;

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		through(&(struct trp_wire) { .type = TRP_WIRE_PING,
					     .node = "me",
					     .value = values[i],
					     .history = history,
					     .history_length = 1 },
			&out, space);
		cr_assert(out.wire.value.type == values[i].type, "%zu", i);
		cr_assert(trp_scalar_compare(&out.wire.value, &values[i]) == 0,
			  "%zu", i);
	}
}

Test(pack, settings_come_out_as_they_went_in)
{
	static uint8_t space[1024];
	static struct trp_mesh_pack_decoded out;
	const struct trp_wire wire = { .type = TRP_WIRE_VERS,
				       .node = "me",
				       .config = { .version = 7,
						   .cycle_s = 0.1 * 3,
						   .gap_s = 0.01,
						   .nodes = -1,
						   .splits = 128,
						   .n_hosts = 3,
						   .force_in = true } };

	through(&wire, &out, space);
	cr_assert(memcmp(&out.wire.config, &wire.config,
			 offsetof(struct trp_wire_config, force_in)) == 0);
	cr_assert(out.wire.config.force_in);
}

/* A broken bus actor: each of its messages is refused or valid. */
Test(pack, random_bytes_are_refused_or_are_a_valid_message)
{
	static struct trp_mesh_pack_decoded out;
	Troupe__Mesh__Wire *read;
	uint8_t bytes[64];
	unsigned seed = 4711;
	int round, taken = 0, refused = 0;
	size_t i, size;

	for (round = 0; round < 200000; round++) {
		size = (size_t)rand_r(&seed) % sizeof(bytes);
		for (i = 0; i < size; i++)
			bytes[i] = rand_r(&seed) % 2
					   ? (uint8_t)(rand_r(&seed) % 48)
					   : (uint8_t)rand_r(&seed);
		read = troupe__mesh__wire__unpack(NULL, size, bytes);
		if (!read)
			continue;
		if (trp_mesh_pack_decode(read, &out) == 0) {
			taken++;
			cr_assert(trp_wire_is_valid(&out.wire), "seed 4711");
		} else {
			refused++;
		}
		troupe__mesh__wire__free_unpacked(read, NULL);
	}
	cr_assert(taken > 0 && refused > 0, "%d, %d", taken, refused);
}

/* ---- values ------------------------------------------------------------- */

static int read_text(const char *text, struct trp_mesh_announcement *ret_said)
{
	return trp_mesh_announcement_read(text, strlen(text), ret_said);
}

Test(value, tells_of_its_node_and_of_offers)
{
	struct trp_mesh_offer offer;
	struct trp_mesh_announcement said;

	cr_assert(read_text("1\t00\t1a2b\t150\t7\nshop\ttcp:/1\nbare\t",
			    &said) == 0);
	cr_assert(said.incarnation == 0x1a2b && said.load == 150 &&
		  said.actors == 7);
	cr_assert(trp_mesh_announcement_offer(&said, &offer));
	cr_assert_str_eq(offer.name, "shop");
	cr_assert_str_eq(offer.where, "tcp:/1");
	cr_assert(trp_mesh_announcement_offer(&said, &offer));
	cr_assert_str_eq(offer.name, "bare");
	cr_assert_str_eq(offer.where, "");
	cr_assert(!offer.ref && !trp_mesh_announcement_offer(&said, &offer));
	cr_assert(read_text("1\t00\t1a2b\t150\t7\nshop\t\tabcdef0002000003",
			    &said) == 0);
	cr_assert(trp_mesh_announcement_offer(&said, &offer));
	cr_assert_str_eq(offer.where, "");
	cr_assert_eq(offer.ref, UINT64_C(0xabcdef0002000003));
}

static struct trp_scalar as_read(const char *word)
{
	struct trp_scalar value = { .type = TRP_SCALAR_NONE };

	cr_assert(trp_mesh_app_value_read(word, strlen(word), &value) == 0,
		  "%s", word);
	return value;
}

Test(value, of_the_application_orders_in_a_text_as_by_itself)
{
	static const struct trp_scalar rising[] = {
		{ TRP_SCALAR_REAL, { .real = -1e30 } },
		{ TRP_SCALAR_INT, { .integer = INT64_MIN } },
		{ TRP_SCALAR_INT, { .integer = -3 } },
		{ TRP_SCALAR_REAL, { .real = -0.5 } },
		{ TRP_SCALAR_BOOL, { .flag = false } },
		{ TRP_SCALAR_REAL, { .real = 1e-300 } },
		{ TRP_SCALAR_BOOL, { .flag = true } },
		{ TRP_SCALAR_INT, { .integer = 31 } },
		{ TRP_SCALAR_INT, { .integer = INT64_MAX } },
		{ TRP_SCALAR_TEXT, { .span = { "", 0 } } },
		{ TRP_SCALAR_TEXT, { .span = { "a b", 3 } } },
		{ TRP_SCALAR_TEXT, { .span = { "z", 1 } } },
	};
	char word[2][TRP_MESH_APP_VALUE_SIZE] = { "" };
	struct trp_scalar value;

	for (size_t i = 0; i < sizeof(rising) / sizeof(rising[0]); i++) {
		trp_mesh_app_value_write(&rising[i], word[i % 2]);
		cr_expect(strcmp(word[i % 2], word[!(i % 2)]) > 0, "%zu: %s", i,
			  word[i % 2]);
		value = as_read(word[i % 2]);
		cr_expect(value.type == rising[i].type, "%zu", i);
		cr_expect(trp_scalar_compare(&value, &rising[i]) == 0, "%zu",
			  i);
	}
	value.type = TRP_SCALAR_NONE;
	trp_mesh_app_value_write(&value, word[0]);
	cr_expect_str_empty(word[0]);
}

Test(value, of_the_application_is_json_of_its_kind)
{
	static const struct {
		struct trp_scalar value;
		const char *json;
	} values[] = {
		{ { .type = TRP_SCALAR_NONE }, "null" },
		{ { TRP_SCALAR_BOOL, { .flag = true } }, "true" },
		{ { TRP_SCALAR_BOOL, { .flag = false } }, "false" },
		{ { TRP_SCALAR_INT, { .integer = -31 } }, "-31" },
		{ { TRP_SCALAR_REAL, { .real = 3 } }, "3.0" },
		{ { TRP_SCALAR_REAL, { .real = -0.5 } }, "-0.5" },
		{ { TRP_SCALAR_TEXT, { .span = { "a \"b\"", 5 } } },
		  "\"a \\\"b\\\"\"" },
		{ { TRP_SCALAR_TEXT, { .span = { "", 0 } } }, "\"\"" },
	};
	char *json;

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		json = trp_mesh_app_value_json(&values[i].value);
		cr_expect_str_eq(json, values[i].json, "%s", json);
		free(json);
	}
}

Test(value, of_the_application_stands_in_front_of_the_wait)
{
	struct trp_mesh_announcement said;
	struct trp_mesh_offer offer;

	cr_assert(read_text("2\tn403e00000000000030\t00\t1a\t150\t7\nshop\tx",
			    &said) == 0);
	cr_assert(said.value.type == TRP_SCALAR_INT &&
		  said.value.integer == 30);
	cr_assert(said.incarnation == 0x1a && said.actors == 7);
	cr_assert(trp_mesh_announcement_offer(&said, &offer));
	cr_assert(read_text("2\tt31\t00\t1\t1\t1", &said) == 0);
	cr_assert(said.value.type == TRP_SCALAR_TEXT &&
		  said.value.span.length == 2);
	cr_assert(read_text("1\t00\t1\t1\t1", &said) == 0);
	cr_assert(said.value.type == TRP_SCALAR_NONE);
	cr_assert(read_text("2\t00\t1\t1\t1", &said) == -EBADMSG);
	cr_assert(read_text("2\tn403e000000000000\t0\t1\t1\t1", &said) ==
		  -EBADMSG);
	cr_assert(read_text("2\tn403e000000000000x\t0\t1\t1\t1", &said) ==
		  -EBADMSG);
	cr_assert(read_text("2\ttab", &said) == -EBADMSG);
}

Test(value, what_makes_no_sense_in_it_is_passed_over)
{
	struct trp_mesh_offer offer;
	struct trp_mesh_announcement said;

	cr_assert(read_text("", &said) == -EBADMSG);
	cr_assert(read_text("2\t0\t1\t1\t1", &said) == -EBADMSG);
	cr_assert(read_text("1\t0\t1\t1", &said) == -EBADMSG);
	cr_assert(read_text("1\t0\tx\t1\t1", &said) == -EBADMSG);
	cr_assert(read_text("1\t0\t11111111111111111\t1\t1", &said) ==
		  -EBADMSG);
	cr_assert(read_text("1\t0\t1\t1\t1\nno tab\n\tno name\n"
			    "0123456789012345678901234567890123\tlong\n"
			    "steers\t\x1b[2J\n\n\nref\there\t12x\n"
			    "ref\there\t\nref\there\t12\t\n"
			    "ref\there\tabcdef00020000031\n"
			    "of no node\there\t12\ngood\there\n",
			    &said) == 0);
	cr_assert(trp_mesh_announcement_offer(&said, &offer));
	cr_assert_str_eq(offer.name, "good");
	cr_assert(!trp_mesh_announcement_offer(&said, &offer));
}

/* ---- a node's announcement ----------------------------------------------- */

static void say_nothing(void *user, const struct trp_wire *message)
{
}

static void see_nothing(void *user, const struct trp_beacon_event *event)
{
}

static double draw_half(void *user)
{
	return 0.5;
}

static struct trp_supervisor supervisor;
static struct trp_mesh_options options;

/* The value of a node that takes part since then, and never was it. */
static size_t say(int64_t cycles, size_t most, char *text, size_t size)
{
	static const struct trp_beacon_calls calls = { .send = say_nothing,
						       .event = see_nothing,
						       .random = draw_half };
	const struct trp_beacon_options beacon = { .node = "me",
						   .config =
							   trp_wire_defaults };
	const struct trp_wire echo = { .type = TRP_WIRE_INIT, .node = "me" };
	struct trp_mesh mesh = { .supervisor = &supervisor,
				 .options = &options,
				 .node = "me",
				 .value_max = most };
	struct trp_time began = trp_time_now();

	cr_assert(trp_beacon_new(&mesh.beacon, &beacon, &calls, NULL) == 0);
	began.ns -= cycles * trp_beacon_cycle_max_ns(mesh.beacon);
	cr_assert(trp_beacon_start(mesh.beacon, began) == 0);
	trp_beacon_receive(mesh.beacon, &echo, began);
	trp_mesh_announcement_say(&mesh, true, text, size);
	trp_beacon_free(mesh.beacon);
	return strlen(text);
}

static const char *said_after(int64_t cycles)
{
	static char text[256];

	say(cycles, TRP_WIRE_SIZE_MAX, text, sizeof(text));
	return text;
}

Test(value, of_who_has_waited_longer_is_the_greater)
{
	cr_assert(strncmp(said_after(0), "1\t00\t", 5) == 0);
	cr_assert(strncmp(said_after(9), "1\t09\t", 5) == 0);
	cr_assert(strncmp(said_after(160), "1\ta0\t", 5) == 0);
	cr_assert(strncmp(said_after(9999), "1\tff\t", 5) == 0);
}

static void offer(const char *name, const char *where,
		  struct trp_registered **holder)
{
	struct trp_registry *registry = &supervisor.registry;

	cr_assert(trp_registry_add(registry, name, 1, holder) == 0);
	cr_assert(trp_registry_offer(registry, name, where) == 0);
}

/* Each takes 30 bytes; what the bus takes is less than all, and than most. */
Test(value, offers_as_much_as_the_bus_takes_and_its_own_half)
{
	struct trp_registered *holder = NULL;
	char name[24], text[TRP_WIRE_VALUE_MAX];
	size_t size;

	for (int i = 0; i < 200; i++) {
		snprintf(name, sizeof(name), "offer-%03d", i);
		offer(name, "/a/place/that/is/far", &holder);
	}
	size = say(0, 900, text, sizeof(text));
	cr_expect(size > 600 && size < 900, "%zu", size);
	size = say(0, TRP_WIRE_SIZE_MAX, text, sizeof(text));
	cr_expect(size > TRP_WIRE_VALUE_MAX / 2 - 300 &&
			  size <= TRP_WIRE_VALUE_MAX / 2,
		  "%zu", size);
	trp_registry_remove_all(&supervisor.registry, &holder);
	trp_registry_fini(&supervisor.registry);
}

/* ---- the bus actor ------------------------------------------------------- */

Test(bus_actor, does_not_begin_without_a_bus)
{
	static struct trp_options here;
	static struct trp_node node = { .options = &here };
	struct rlimit before, none;

	here.mesh = (struct trp_mesh_options) { .codec = "none" };
	snprintf(here.mesh.bus, sizeof(here.mesh.bus), "local:/tmp/no-mesh");
	snprintf(here.mesh.name, sizeof(here.mesh.name), "m");
	trp_self.node = &node;
	cr_expect(trp_mesh_bus_actor.init(NULL) == -EPROTONOSUPPORT);
	snprintf(here.mesh.codec, sizeof(here.mesh.codec), "%s",
		 trp_codecs_find("cbor") ? "cbor" : "msgpack");
	cr_assert(getrlimit(RLIMIT_NOFILE, &before) == 0);
	none = before;
	none.rlim_cur = 0;
	cr_assert(setrlimit(RLIMIT_NOFILE, &none) == 0);
	cr_expect(trp_mesh_bus_actor.init(NULL) == -EMFILE);
	cr_assert(setrlimit(RLIMIT_NOFILE, &before) == 0);
	snprintf(here.mesh.bus, sizeof(here.mesh.bus), "no bus");
	cr_expect(trp_mesh_bus_actor.init(NULL) < 0);
}
