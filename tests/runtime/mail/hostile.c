/* SPDX-License-Identifier: MIT */
/*
 * Garbage, and as many frames as the engine carries, to the inbox of a node
 * that another goes on to ask.
 */
#include "ipc/bus/kinds.h"
#include "runtime/mail/bulk.h"
#include "runtime/node/away.pb-c.h"
#include "runtime/node/system.pb-c.h"
#include "runtime/node/watch.h"
#include "serialize/type.h"
#include "tests/runtime/mail/stranger.h"
#include "tests/support/skip.h"

#include <limits.h>

enum { FRAMES = 100000, PAYLOADS = 20000 };

/* ---- frames ---------------------------------------------------------------
 */

/* Nothing at all, or what could be a frame of one of many numbers. */
static size_t make_frame(uint8_t *bytes)
{
	static const uint8_t kinds[] = { TRP_FRAME_HELLO, TRP_FRAME_WELCOME,
					 TRP_FRAME_MAIL,  TRP_FRAME_ACK,
					 TRP_FRAME_BYE,	  TRP_FRAME_RESET };
	struct trp_frame frame = { .from = 1000 + stranger_draw(100000),
				   .to = stranger.to };
	size_t length = TRP_FRAME_HEADER + stranger_draw(400);

	stranger_fill_random(bytes, length);
	if (stranger_draw(4) == 0)
		return length - stranger_draw((uint32_t)length - 1);
	frame.kind = kinds[stranger_draw(sizeof(kinds))];
	frame.epoch = 1 + stranger_draw(1000);
	frame.echo =
		frame.kind == TRP_FRAME_HELLO ? 0 : 1 + stranger_draw(1000);
	frame.seq = stranger_draw(3);
	if (frame.kind == TRP_FRAME_MAIL) {
		frame.payload = bytes + TRP_FRAME_HEADER;
		frame.length = length - TRP_FRAME_HEADER;
	}
	trp_frame_write(&frame, bytes);
	return TRP_FRAME_HEADER + frame.length;
}

static void send_frame(const uint8_t *bytes, size_t length)
{
	int r;

	while ((r = trp_bus_send_to(stranger.bus, stranger.to, bytes, length,
				    false)) == -EAGAIN)
		stranger_turn(5);
	cr_assert_eq(r, 0, "%s", strerror(-r));
}

/* So many frames, and asks beside them. */
static void flood(const char *engine, int frames, long asks, pid_t broker)
{
	static uint8_t bytes[TRP_FRAME_SIZE_MAX];
	struct trp_time since = trp_time_now();
	long begin = board->value[ASKS];
	double seconds;
	int i;

	for (i = 0; i < frames || board->value[ASKS] < begin + asks; i++)
		send_frame(bytes, make_frame(bytes));
	seconds = (double)(trp_time_now().ns - since.ns) / 1e9;
	fprintf(stderr,
		"%s: %d frames, %.0f a second to one inbox; beside them %.0f "
		"asks a second; %ld KiB more\n",
		engine, i, i / seconds,
		(double)(board->value[ASKS] - begin) / seconds,
		stranger_more_kb());
	stranger_is_unharmed();
	stranger_end(broker);
}

Test(hostile, frames_without_end_leave_asks_alone)
{
	mail_begin();
	stranger_begin(NULL, "");
	flood("local", FRAMES, STRANGER_ASKS, 0);
}

Test(hostile, frames_without_end_and_without_the_cookie_leave_asks_alone)
{
#ifdef HAVE_LIBCRYPTO
	mail_begin();
	stranger_begin(NULL, "a cookie that no stranger knows");
	flood("local, sealed", FRAMES, STRANGER_ASKS, 0);
#else
	SKIP("libcrypto", "seals were not built");
#endif
}

/* The broker drops what its queue for the inbox cannot hold, of all senders. */
Test(hostile, frames_without_end_by_a_broker_let_asks_go_on)
{
	int port = free_port();
	pid_t broker;
	char url[64];

	if (!trp_bus_kinds_find("mqtt", 4))
		SKIP("mosquitto", "MQTT was not built");
	need_program("mosquitto");
	mail_begin();
	mail_outage_ms = 120000;
	broker = start_mosquitto(test_folder(), port, "allow_anonymous true\n");
	snprintf(url, sizeof(url), "mqtt://127.0.0.1:%d", port);
	stranger_begin(url, "");
	flood("mqtt", FRAMES / 2, 3, broker);
}

/* ---- payloads, in a session of its own ------------------------------------
 */

static uint64_t some_type(void)
{
	const ProtobufCMessageDescriptor *const types[] = {
		&play__number__descriptor,
		&troupe__away__watch__descriptor,
		&troupe__away__unlink__descriptor,
		&troupe__away__choke__descriptor,
		&troupe__away__room__descriptor,
		&troupe__away__lost__descriptor,
		&troupe__control__ended__descriptor,
	};
	enum { TYPES = sizeof(types) / sizeof(types[0]) };
	uint32_t i = stranger_draw(TYPES + 1);

	return i < TYPES ? trp_type_of(types[i]) : stranger_draw(1 << 30);
}

static size_t make_parcel(uint8_t *bytes, size_t room)
{
	static uint8_t body[256];
	struct trp_mail_parcel parcel = {
		.to = stranger_draw(3) ? board->ref[QUICK]
				       : stranger_draw(1 << 16),
		.envelope = { .type = some_type(),
			      .sender =
				      stranger_draw(4)
					      ? (uint64_t)STRANGER
								<< TRP_REF_NODE |
							1 |
							stranger_draw(3) << 10
					      : stranger_draw(1 << 30),
			      .deadline = INT64_MAX,
			      .kind = (uint8_t)stranger_draw(TRP_AWAY),
			      .correlation = stranger_draw(100),
			      .service = stranger_draw(2),
			      .hop = (uint8_t)stranger_draw(256),
			      .flags = (uint8_t)stranger_draw(256) },
		.body = body,
		.length = stranger_draw(4) ? stranger_draw(20)
					   : stranger_draw(sizeof(body)),
	};
	ssize_t length;

	stranger_fill_random(body, parcel.length);
	if (!stranger_draw(
		    3)) /* an order to the mail actor, an end for an actor */
		parcel.to = trp_ref_of_node(1);
	length = trp_mail_parcel_write(&parcel, trp_time_now(), bytes, room);
	return length < 0 ? 0 : (size_t)length;
}

static size_t make_piece(uint8_t *bytes)
{
	uint64_t zero = 0, total = stranger_draw(2) ? stranger_draw(1000)
						    : stranger_draw(1 << 29);
	uint64_t offset = stranger_draw(2) ? 0 : stranger_draw(2000);
	uint32_t size = TRP_PIECE_HEAD - 4 + stranger_draw(500);

	stranger_fill_random(bytes, size + 4);
	memcpy(bytes, &size, sizeof(size));
	memcpy(bytes + 4, &zero, sizeof(zero));
	memcpy(bytes + 12, &total, sizeof(total));
	memcpy(bytes + 20, &offset, sizeof(offset));
	return size + 4;
}

static size_t make_payload(uint8_t *bytes, size_t room)
{
	size_t length = 0;

	while (length < 2000 && stranger_draw(4))
		length += stranger_draw(3)
				  ? make_parcel(bytes + length, room - length)
				  : make_piece(bytes + length);
	if (length && !stranger_draw(3)) /* changed on its way */
		bytes[stranger_draw((uint32_t)length)] ^=
			(uint8_t)(1 << stranger_draw(8));
	if (length && !stranger_draw(4))
		return 1 + stranger_draw((uint32_t)length);
	if (!length)
		stranger_fill_random(bytes, length = 1 + stranger_draw(300));
	return length;
}

Test(hostile, payloads_leave_asks_alone)
{
	static uint8_t bytes[TRP_FRAME_PAYLOAD_MAX];
	size_t room;

	mail_begin();
	stranger_begin(NULL, "");
	for (int i = 0; i < PAYLOADS; i++) {
		while (!(room = stranger_room()))
			stranger_turn(5);
		stranger_send(bytes, make_payload(bytes, room));
		if (i % 16 == 0)
			stranger_turn(0);
	}
	stranger_is_unharmed();
	stranger_end(0);
}

/* ---- parcels without end, in a session of its own -------------------------
 */

/* One of the stranger's first actor; its body is the caller's. */
static struct trp_mail_parcel make_plain_parcel(
	troupe_ref to, const ProtobufCMessageDescriptor *type)
{
	return (struct trp_mail_parcel) {
		.to = to,
		.envelope = { .type = trp_type_of(type),
			      .sender =
				      (uint64_t)STRANGER << TRP_REF_NODE | 1025,
			      .deadline = INT64_MAX,
			      .kind = TRP_MESSAGE },
	};
}

/* Returns `sent` and those that went now: all that there is room for. */
static int pour(struct trp_mail_parcel *parcel, int sent, int most,
		void (*number)(struct trp_mail_parcel *parcel, int i))
{
	static uint8_t bytes[TRP_FRAME_PAYLOAD_MAX];
	size_t room = stranger_room(), length = 0;

	for (; sent < most; sent++) {
		if (number)
			number(parcel, sent);
		if (length + TRP_PARCEL_HEAD + parcel->length > room)
			break;
		length += (size_t)trp_mail_parcel_write(
			parcel, trp_time_now(), bytes + length, room - length);
	}
	if (length)
		stranger_send(bytes, length);
	stranger_turn(length ? 0 : 5);
	return sent;
}

/* A message that is kept takes more than the bytes that it has. */
Test(hostile, empty_mail_for_a_full_mailbox_has_a_bound)
{
	enum { MOST = 600000, STILL = 400 };
	struct trp_mail_parcel parcel;
	int before, sent = 0, still = 0;

	mail_begin();
	stranger_begin(NULL, "");
	parcel = make_plain_parcel(mail_await(&board->ref[FULL]),
				   &play__number__descriptor);
	while (sent < MOST && still < STILL) {
		before = sent;
		sent = pour(&parcel, sent, MOST, NULL);
		still = sent > before ? 0 : still + 1;
	}
	cr_assert_lt(sent, MOST, "it is kept without a bound");
	stranger_is_unharmed();
	stranger_end(0);
}

/* Orders are still in its lanes when it is told to end. */
Test(hostile, orders_without_end_let_it_end_in_order)
{
	enum { ENOUGH = 100000 };
	Troupe__Away__Choke choke = TROUPE__AWAY__CHOKE__INIT;
	struct trp_mail_parcel parcel =
		make_plain_parcel(trp_ref_of_node(1), choke.base.descriptor);
	uint8_t body[32];
	int sent = 0;

	choke.ref = (uint64_t)STRANGER << TRP_REF_NODE | 1;
	choke.is_over = true;
	parcel.envelope.sender = choke.ref;
	parcel.body = body;
	parcel.length = protobuf_c_message_pack(&choke.base, body);
	mail_begin();
	stranger_begin(NULL, "");
	while (!stranger.downs) {
		sent = pour(&parcel, sent, INT_MAX, NULL);
		if (sent > ENOUGH)
			board->value[OVER] = 1;
	}
	cr_assert_eq(stranger.down_error, -ESHUTDOWN,
		     "it has not said that it ends: %s",
		     strerror(-stranger.down_error));
	stranger_end(0);
}

static void number_watch(struct trp_mail_parcel *parcel, int i)
{
	static uint8_t body[64];
	Troupe__Away__Watch watch = TROUPE__AWAY__WATCH__INIT;

	watch.ref = board->ref[QUICK];
	watch.id = trp_watch_id(TRP_WATCH_MONITOR, (uint64_t)i);
	parcel->body = body;
	parcel->length = protobuf_c_message_pack(&watch.base, body);
}

/* One more is refused, and its asker told. */
Test(hostile, watches_without_end_have_a_bound)
{
	enum { MOST = 1 << 16 };
	struct trp_mail_parcel parcel = make_plain_parcel(
		trp_ref_of_node(1), &troupe__away__watch__descriptor);
	int sent = 0;

	mail_begin();
	stranger_begin(NULL, "");
	while (sent <= MOST) {
		sent = pour(&parcel, sent, MOST + 1, number_watch);
		cr_assert(sent > MOST || stranger.ends == 0);
	}
	while (!stranger.ends)
		stranger_turn(5);
	stranger_is_unharmed();
	cr_assert_eq(stranger.ends, 1);
	stranger_end(0);
}

/* ---- a node that was lost -------------------------------------------------
 */

static void say(const ProtobufCMessageDescriptor *type)
{
	struct trp_mail_parcel parcel =
		make_plain_parcel(board->ref[QUICK], type);

	while (pour(&parcel, 0, 1, NULL) == 0)
		;
}

/* It is refused for a second, and no longer than until it is there again. */
Test(hostile, node_that_is_back_at_once_is_answered)
{
	mail_begin();
	stranger_begin(NULL, "");
	say(&play__text__descriptor);
	say(&play__number__descriptor);
	while (!stranger.answers)
		stranger_turn(5);
	stranger_leave();
	mail_await_value(&board->value[LOST], 1);
	stranger_join();
	say(&play__number__descriptor);
	while (stranger.answers < 2)
		stranger_turn(5);
	stranger_end(0);
}
