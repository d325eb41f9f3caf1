/* SPDX-License-Identifier: MIT */
#include "serialize/beacon/cbor.h"
#include "serialize/beacon/msgpack.h"
#include "serialize/beacon/wire.h"
#include "tests/support/skip.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct trp_codec *const codecs[] = {
#ifdef HAVE_LIBCBOR
	&trp_cbor,
#endif
#ifdef HAVE_MSGPACK
	&trp_msgpack,
#endif
	NULL
};

struct bytes {
	char at[TRP_WIRE_SIZE_MAX];
	size_t length;
};

static struct bytes unhex(const char *hex)
{
	struct bytes bytes = { .length = 0 };
	unsigned int byte;

	for (; sscanf(hex, "%2x", &byte) == 1; hex += 2)
		bytes.at[bytes.length++] = (char)byte;
	return bytes;
}

static struct bytes encode(const struct trp_codec *codec,
			   const struct trp_wire *wire)
{
	struct bytes bytes;
	struct trp_writer writer = { .data = bytes.at,
				     .space = sizeof(bytes.at) };

	cr_assert(trp_wire_encode(codec, wire, &writer) == 0);
	bytes.length = writer.length;
	return bytes;
}

static bool is_same_value(const struct trp_scalar *a,
			  const struct trp_scalar *b)
{
	return a->type == b->type && trp_scalar_compare(a, b) == 0;
}

static void check_same(const struct trp_wire *a, const struct trp_wire *b)
{
	size_t i;

	cr_assert(a->type == b->type);
	cr_assert(!a->node == !b->node);
	if (a->node)
		cr_assert_str_eq(a->node, b->node);
	cr_assert(is_same_value(&a->value, &b->value));
	cr_assert(a->history_length == b->history_length);
	for (i = 0; i < a->history_length; i++)
		cr_assert_str_eq(a->history[i], b->history[i]);
	if (a->type == TRP_WIRE_VERS) {
		cr_assert(a->config.version == b->config.version);
		cr_assert(a->config.cycle_s == b->config.cycle_s);
		cr_assert(a->config.gap_s == b->config.gap_s);
		cr_assert(a->config.nodes == b->config.nodes);
		cr_assert(a->config.splits == b->config.splits);
		cr_assert(a->config.n_hosts == b->config.n_hosts);
		cr_assert(a->config.force_in == b->config.force_in);
		cr_assert(!a->from == !b->from);
		cr_assert(!a->from || strcmp(a->from, b->from) == 0);
		cr_assert(is_same_value(&a->note, &b->note));
		cr_assert(is_same_value(&a->said, &b->said));
	}
}

static const char *const names[] = { "a", "b", "c\xc3\xa4" };

static struct trp_wire sample(enum trp_wire_type type)
{
	struct trp_wire wire = { .type = type };

	if (type != TRP_WIRE_HIST)
		wire.node = "a";
	if (type == TRP_WIRE_VERS) {
		wire.config = trp_wire_defaults;
		wire.config.version = 7;
		wire.config.nodes = -1;
		wire.config.force_in = true;
	}
	if (type == TRP_WIRE_PING || type == TRP_WIRE_HIST) {
		wire.history = names;
		wire.history_length = 3;
	}
	return wire;
}

static void check_round_trip(const struct trp_wire *wire)
{
	struct trp_wire back;
	struct bytes bytes;
	int i;

	for (i = 0; codecs[i]; i++) {
		bytes = encode(codecs[i], wire);
		cr_assert(trp_wire_decode(codecs[i], bytes.at, bytes.length,
					  &back) == 0);
		check_same(wire, &back);
		trp_wire_fini(&back);
	}
}

Test(wire, each_message_comes_back_as_it_went)
{
	struct trp_wire wire;
	int type;

	for (type = 0; type < TRP_WIRE_TYPES; type++) {
		wire = sample(type);
		check_round_trip(&wire);
	}
}

Test(wire, settings_carry_a_note_and_what_was_said)
{
	struct trp_wire wire = sample(TRP_WIRE_VERS);

	wire.from = "b";
	wire.note = trp_scalar_text("a note");
	check_round_trip(&wire);
	wire.said = (struct trp_scalar) { TRP_SCALAR_BYTES,
					  { .span = { "\0said", 5 } } };
	check_round_trip(&wire);
	wire.note.type = TRP_SCALAR_NONE;
	check_round_trip(&wire);
}

Test(wire, each_kind_of_value_comes_back_as_it_went)
{
	static const struct trp_scalar values[] = {
		{ .type = TRP_SCALAR_NONE },
		{ TRP_SCALAR_BOOL, { .flag = true } },
		{ TRP_SCALAR_INT, { .integer = 31 } },
		{ TRP_SCALAR_INT, { .integer = INT64_MAX } },
		{ TRP_SCALAR_INT, { .integer = INT64_MIN } },
		{ TRP_SCALAR_REAL, { .real = 1.5 } },
		{ TRP_SCALAR_TEXT, { .span = { "text", 4 } } },
		{ TRP_SCALAR_TEXT, { .span = { "", 0 } } },
		{ TRP_SCALAR_BYTES, { .span = { "\0\1\xff", 3 } } },
	};
	struct trp_wire wire = sample(TRP_WIRE_PING);
	size_t i;

	for (i = 0; i < sizeof(values) / sizeof(*values); i++) {
		wire.value = values[i];
		check_round_trip(&wire);
	}
}

#if defined(HAVE_LIBCBOR) || defined(HAVE_MSGPACK)
static void check_golden(const struct trp_codec *codec, const char *ping,
			 const char *vers)
{
	struct trp_wire wires[] = {
		{ .type = TRP_WIRE_PING,
		  .node = "a",
		  .value = { TRP_SCALAR_INT, { .integer = 31 } },
		  .history = names,
		  .history_length = 2 },
		{ .type = TRP_WIRE_VERS,
		  .node = "a",
		  .config = trp_wire_defaults },
	};
	struct bytes should[] = { unhex(ping), unhex(vers) }, is;
	int i;

	for (i = 0; i < 2; i++) {
		is = encode(codec, &wires[i]);
		cr_assert(is.length == should[i].length);
		cr_assert(memcmp(is.at, should[i].at, is.length) == 0);
	}
}
#endif

#ifdef HAVE_LIBCBOR
Test(wire, cbor_is_to_the_byte_what_python_sends)
{
	check_golden(&trp_cbor,
		     "a4646e6f646561616576616c7565181f67686973746f7279826161"
		     "616261746470696e67",
		     "a9646e6f646561616776657273696f6e00656379636c65fb402400"
		     "000000000063676170fb3ff8000000000000656e6f646573056673"
		     "706c69747304676e5f686f7374730a68666f7263655f696ef46174"
		     "6476657273");
}

Test(wire, cbor_of_unknown_lengths_and_with_tags_is_read)
{
	/* {_ "t": "ping", "node": "a", "history": [_ "a", "b"],
	 *    "value": 2([1, {}]) } */
	struct bytes bytes = unhex("bf61746470696e67646e6f646561616768697374"
				   "6f72799f61616162ff6576616c7565c28201a0ff");
	struct trp_wire wire;

	cr_assert(trp_wire_decode(&trp_cbor, bytes.at, bytes.length, &wire) ==
		  0);
	cr_assert(wire.history_length == 2);
	cr_assert_str_eq(wire.history[1], "b");
	cr_assert(wire.value.type == TRP_SCALAR_RAW);
	cr_assert(wire.value.span.length == 4);
	check_round_trip(&(struct trp_wire) { .type = TRP_WIRE_INIT,
					      .node = wire.node });
	trp_wire_fini(&wire);
}
#endif

#ifdef HAVE_MSGPACK
Test(wire, msgpack_is_to_the_byte_what_python_sends)
{
	check_golden(&trp_msgpack,
		     "84a46e6f6465a161a576616c75651fa7686973746f727992a161a1"
		     "62a174a470696e67",
		     "89a46e6f6465a161a776657273696f6e00a56379636c65cb402400"
		     "0000000000a3676170cb3ff8000000000000a56e6f64657305a673"
		     "706c69747304a76e5f686f7374730aa8666f7263655f696ec2a174"
		     "a476657273");
}
#endif

/* ---- invalid messages --------------------------------------------------- */

static int decode_map(const struct trp_codec *codec,
		      const struct trp_token *tokens, size_t count)
{
	char data[512];
	struct trp_writer writer = { .data = data, .space = sizeof(data) };
	struct trp_wire wire;
	size_t i;
	int r;

	for (i = 0; i < count; i++)
		cr_assert(codec->put(&writer, &tokens[i]) == 0);
	r = trp_wire_decode(codec, data, writer.length, &wire);
	if (r == 0)
		trp_wire_fini(&wire);
	return r;
}

#define MAP(n)                                      \
	{                                           \
		.type = TRP_TOKEN_MAP, .count = (n) \
	}
#define LIST(n)                                      \
	{                                            \
		.type = TRP_TOKEN_LIST, .count = (n) \
	}
#define TEXT(text)                                             \
	{                                                      \
		.type = TRP_TOKEN_VALUE, .value = {            \
			TRP_SCALAR_TEXT,                       \
			{ .span = { text, sizeof(text) - 1 } } \
		}                                              \
	}
#define INT(n)                                      \
	{                                           \
		.type = TRP_TOKEN_VALUE, .value = { \
			TRP_SCALAR_INT,             \
			{ .integer = (n) }          \
		}                                   \
	}
#define DECODE(codec, ...)                                        \
	decode_map(codec, (struct trp_token[]) { __VA_ARGS__ },   \
		   sizeof((struct trp_token[]) { __VA_ARGS__ }) / \
			   sizeof(struct trp_token))

Test(wire, unknown_keys_are_passed_over)
{
	int i;

	for (i = 0; codecs[i]; i++) {
		cr_assert(DECODE(codecs[i], MAP(5), TEXT("more"), LIST(2),
				 INT(1), MAP(1), TEXT("x"), INT(2), TEXT("t"),
				 TEXT("init"), INT(3), INT(4), TEXT("node"),
				 TEXT("a"), TEXT("z"), INT(0)) == 0);
	}
}

/* Another implementation may use such keys: the settings count. */
Test(wire, a_note_of_another_kind_is_passed_over)
{
	static const struct trp_token vers[] = {
		MAP(5), TEXT("node"), TEXT("a"),    TEXT("version"),
		INT(3), TEXT("t"),    TEXT("vers"),
	};
	static const struct trp_token more[][4] = {
		{ TEXT("from"), TEXT("b"), TEXT("note"), INT(1) },
		{ TEXT("from"), TEXT(""), TEXT("note"), TEXT("x") },
		{ TEXT("from"), TEXT("b"), TEXT("said"), TEXT("x") },
		{ TEXT("note"), TEXT("x"), TEXT("more"), INT(1) },
	};
	char data[256];
	struct trp_writer writer;
	struct trp_wire wire;

	for (int i = 0; codecs[i]; i++) {
		for (size_t k = 0; k < sizeof(more) / sizeof(more[0]); k++) {
			writer = (struct trp_writer) { data, sizeof(data), 0 };
			for (size_t j = 0; j < 7; j++)
				codecs[i]->put(&writer, &vers[j]);
			for (size_t j = 0; j < 4; j++)
				codecs[i]->put(&writer, &more[k][j]);
			cr_assert(trp_wire_decode(codecs[i], data,
						  writer.length, &wire) == 0);
			cr_assert(wire.config.version == 3 && !wire.from);
			cr_assert(wire.note.type == TRP_SCALAR_NONE);
			cr_assert(wire.said.type == TRP_SCALAR_NONE);
			trp_wire_fini(&wire);
		}
	}
}

Test(wire, what_is_missing_or_of_the_wrong_kind_is_refused)
{
	const struct trp_codec *codec;
	int i;

	for (i = 0; (codec = codecs[i]); i++) {
		cr_assert(DECODE(codec, INT(1)) == -EBADMSG);
		cr_assert(DECODE(codec, MAP(0)) == -EBADMSG);
		cr_assert(DECODE(codec, MAP(1), TEXT("t"), TEXT("init")) ==
			  -EBADMSG);
		cr_assert(DECODE(codec, MAP(1), TEXT("node"), TEXT("a")) ==
			  -EBADMSG);
		cr_assert(DECODE(codec, MAP(2), TEXT("t"), TEXT("what"),
				 TEXT("node"), TEXT("a")) == -EBADMSG);
		cr_assert(DECODE(codec, MAP(2), TEXT("t"), TEXT("init"),
				 TEXT("node"), TEXT("")) == -EBADMSG);
		cr_assert(DECODE(codec, MAP(2), TEXT("t"), TEXT("init"),
				 TEXT("node"), TEXT("a\0b")) == -EBADMSG);
		cr_assert(DECODE(codec, MAP(2), TEXT("t"), TEXT("init"),
				 TEXT("node"), INT(1)) == -EBADMSG);
		cr_assert(DECODE(codec, MAP(3), TEXT("t"), TEXT("ping"),
				 TEXT("node"), TEXT("a"), TEXT("history"),
				 LIST(0)) == -EBADMSG);
		cr_assert(DECODE(codec, MAP(3), TEXT("t"), TEXT("ping"),
				 TEXT("node"), TEXT("a"), TEXT("history"),
				 LIST(1), TEXT("b")) == -EBADMSG);
		cr_assert(DECODE(codec, MAP(4), TEXT("t"), TEXT("vers"),
				 TEXT("node"), TEXT("a"), TEXT("version"),
				 INT(1), TEXT("cycle"), INT(0)) == -EBADMSG);
	}
}

Test(wire, a_last_key_without_a_value_is_refused_also_one_that_is_not_needed)
{
	static const char *const keys[] = {
		"value", "history", "version", "cycle",	   "gap",
		"nodes", "splits",  "n_hosts", "force_in", "more",
	};

	for (int i = 0; codecs[i]; i++) {
		for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++) {
			const struct trp_token key = {
				.type = TRP_TOKEN_VALUE,
				.value = trp_scalar_text(keys[k]),
			};

			cr_expect(DECODE(codecs[i], MAP(3), TEXT("t"),
					 TEXT("init"), TEXT("node"), TEXT("a"),
					 key) == -EBADMSG,
				  "%s", keys[k]);
		}
	}
}

Test(wire, each_shortened_and_each_changed_message_is_survived)
{
	struct trp_wire wire, back;
	struct bytes bytes;
	size_t i, at;
	char *exact;
	int type, bit;

	for (i = 0; codecs[i]; i++) {
		for (type = 0; type < TRP_WIRE_TYPES; type++) {
			wire = sample(type);
			bytes = encode(codecs[i], &wire);
			for (at = 0; at < bytes.length; at++) {
				/* exact, so that a sanitizer sees overreads */
				exact = malloc(at + 1);
				memcpy(exact, bytes.at, at);
				cr_assert(trp_wire_decode(codecs[i], exact, at,
							  &back) == -EBADMSG);
				free(exact);
			}
			for (at = 0; at < bytes.length * 8; at++) {
				bit = 1 << (at % 8);
				bytes.at[at / 8] ^= (char)bit;
				if (trp_wire_decode(codecs[i], bytes.at,
						    bytes.length, &back) == 0)
					trp_wire_fini(&back);
				bytes.at[at / 8] ^= (char)bit;
			}
		}
	}
}

Test(wire, announced_but_absent_items_cost_nothing)
{
	static const char *const hostile[] = {
		"bb7fffffffffffffff",
		"9b7fffffffffffffff",
		"dfffffffff",
		"ddffffffff",
		"5b7fffffffffffffff",
		"dbffffffff",
		"c6ffffffff",
		/* {"history": [2^32 names */
		"81a7686973746f7279ddffffffff",
		"a167686973746f72799affffffff",
		/* nested without end */
		"919191919191919191919191919191919191919191919191",
		"8181818181818181818181818181818181818181818181818181818181",
	};
	struct trp_wire wire;
	struct bytes bytes;
	size_t i, j;

	for (i = 0; i < sizeof(hostile) / sizeof(*hostile); i++) {
		bytes = unhex(hostile[i]);
		for (j = 0; codecs[j]; j++)
			cr_assert(trp_wire_decode(codecs[j], bytes.at,
						  bytes.length,
						  &wire) == -EBADMSG);
	}
}

/* A ping with that many names, and a value nested that deep. */
static int decode_large(const struct trp_codec *codec, int names_count,
			int depth)
{
	static char data[TRP_WIRE_SIZE_MAX];
	struct trp_writer writer = { .data = data, .space = sizeof(data) };
	struct trp_token ping[] = { MAP(4),	  TEXT("t"), TEXT("ping"),
				    TEXT("node"), TEXT("a"), TEXT("value"),
				    LIST(1),	  INT(0),    TEXT("history"),
				    LIST(0),	  TEXT("a") };
	struct trp_wire wire;
	int i, r;

	for (i = 0; i < 6; i++)
		codec->put(&writer, &ping[i]);
	for (i = 0; i < depth; i++)
		codec->put(&writer, &ping[6]);
	codec->put(&writer, &ping[7]);
	codec->put(&writer, &ping[8]);
	ping[9].count = (size_t)names_count;
	codec->put(&writer, &ping[9]);
	for (i = 0; i < names_count; i++)
		codec->put(&writer, &ping[10]);
	r = trp_wire_decode(codec, data, writer.length, &wire);
	if (r == 0)
		trp_wire_fini(&wire);
	return r;
}

Test(wire, a_name_of_the_most_bytes_is_one_and_a_longer_one_is_not)
{
	static char name[TRP_WIRE_NAME_MAX + 2];
	const struct trp_wire wire = { .type = TRP_WIRE_INIT, .node = name };

	memset(name, 'n', TRP_WIRE_NAME_MAX);
	cr_assert(trp_wire_is_valid(&wire));
	check_round_trip(&wire);
	name[TRP_WIRE_NAME_MAX] = 'n';
	cr_assert_not(trp_wire_is_valid(&wire));
}

Test(wire, too_many_names_and_too_deep_a_value_are_refused)
{
	int i;

	for (i = 0; codecs[i]; i++) {
		cr_assert(decode_large(codecs[i], 128, 10) == 0);
		cr_assert(decode_large(codecs[i], 129, 0) == -EBADMSG);
		cr_assert(decode_large(codecs[i], 20000, 0) == -EBADMSG);
		cr_assert(decode_large(codecs[i], 1, 17) == -EBADMSG);
		cr_assert(decode_large(codecs[i], 1, 20000) == -EBADMSG);
	}
}

Test(wire, no_room_is_said_and_nothing_is_overrun)
{
	struct trp_wire wire = sample(TRP_WIRE_VERS);
	struct bytes bytes;
	size_t space;
	char *exact;
	int i;

	for (i = 0; codecs[i]; i++) {
		bytes = encode(codecs[i], &wire);
		for (space = 0; space < bytes.length; space++) {
			exact = malloc(space + 1);
			cr_assert(trp_wire_encode(codecs[i], &wire,
						  &(struct trp_writer) {
							  .data = exact,
							  .space = space }) ==
				  -ENOSPC);
			free(exact);
		}
	}
}

/* ---- the other side ------------------------------------------------------ */

/* Python reads our message, and sends it back in its own encoding. */
static bool ask_python(const char *codec, const struct bytes *bytes,
		       struct bytes *ret_answer)
{
	char path[] = "/tmp/troupe-wire-XX"
		      "XX"
		      "XX",
	     command[512];
	int fd = mkstemp(path);
	FILE *answer;

	cr_assert(fd >= 0);
	cr_assert(write(fd, bytes->at, bytes->length) ==
		  (ssize_t)bytes->length);
	close(fd);
	snprintf(command, sizeof(command),
		 "/usr/bin/python3 -c 'import sys, %s as m\n"
		 "load = getattr(m, \"loads\", None) or m.unpackb\n"
		 "dump = getattr(m, \"dumps\", None) or m.packb\n"
		 "sys.stdout.buffer.write(dump(load(open(\"%s\", \"rb\")"
		 ".read())))' 2>/dev/null",
		 codec, path);
	answer = popen(command, "r");
	cr_assert(answer);
	ret_answer->length =
		fread(ret_answer->at, 1, sizeof(ret_answer->at), answer);
	unlink(path);
	return pclose(answer) == 0;
}

Test(wire, python_reads_ours_and_we_read_python)
{
	struct bytes bytes, answer;
	struct trp_wire wire, back;
	int i, type, asked = 0;

	for (i = 0; codecs[i]; i++) {
		for (type = 0; type < TRP_WIRE_TYPES; type++) {
			wire = sample(type);
			bytes = encode(codecs[i], &wire);
			if (!ask_python(strcmp(codecs[i]->name, "cbor") == 0
						? "cbor2"
						: "msgpack",
					&bytes, &answer))
				continue;
			asked++;
			cr_assert(trp_wire_decode(codecs[i], answer.at,
						  answer.length, &back) == 0);
			check_same(&wire, &back);
			trp_wire_fini(&back);
		}
	}
	if (!asked)
		SKIP("python3-cbor2", "python3-cbor2, python3-msgpack are not "
				      "installed");
}
