/* SPDX-License-Identifier: MIT */
/*
 * A stranger on the bus, in the process of the test: garbage and as many frames
 * as the engine carries to the inbox of node 0, which node 1 goes on to ask.
 */
#include <poll.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>
#include "ipc/bus/bus.h"
#include "runtime/mail/bulk.h"
#include "runtime/node/away.pb-c.h"
#include "runtime/node/system.pb-c.h"
#include "runtime/session/sessions.h"
#include "runtime/troupe_ask.h"
#include "runtime/troupe_monitor.h"
#include "serialize/type.h"
#include "tests/runtime/mail/nodes.h"

enum { QUICK = 1, FULL = 2, ASKS = 1, OVER = 2, LOST = 3 };
enum { FRAMES = 100000, PAYLOADS = 20000, ASKS_LEAST = 100 };
enum { NUMBER = 77, RSS_MORE_KB = 64 << 10 };

/* ---- the nodes ------------------------------------------------------------
 */

static int answer(const struct troupe_message *message)
{
	return troupe_send(message->sender, message->body);
}

static int watch(const struct troupe_message *message)
{
	return troupe_monitor(message->sender, NULL);
}

static int note_down(const struct troupe_end *end)
{
	board->value[LOST]++;
	return 0;
}

static const struct troupe_handler handlers[] = {
	{ &play__number__descriptor, answer },
	{ &play__text__descriptor, watch },
	{ NULL, NULL },
};
static const struct troupe_class quick = { .name = "quick",
					   .handlers = handlers,
					   .down = note_down };

static int stand_still(const void *arguments)
{
	mail_await_value(&board->value[OVER], 1);
	return 0;
}

static const struct troupe_class full = { .name = "full",
					  .run = stand_still,
					  .mailbox_limit = 16 << 10 };

static int answering_root(int argc, char **argv)
{
	troupe_ref ref, other;

	mail_await_way();
	CHECK(troupe_spawn(&full, NULL, &other) == 0);
	board->ref[FULL] = other;
	CHECK(troupe_spawn(&quick, NULL, &ref) == 0);
	board->ref[QUICK] = ref;
	mail_await_value(&board->value[OVER], 1);
	return 0;
}

static int asking_root(int argc, char **argv)
{
	Play__Number number = PLAY__NUMBER__INIT;
	struct troupe_message answered;
	troupe_ref to = mail_await(&board->ref[QUICK]);
	int r;

	mail_await_way();
	while (!board->value[OVER]) {
		number.value = board->value[ASKS];
		r = troupe_ask(to, &number.base, TROUPE_NEVER, &answered);
		CHECK(r == 0 || r == -EAGAIN || board->value[OVER]);
		board->value[ASKS] += r == 0;
	}
	return 0;
}

/* ---- the stranger ---------------------------------------------------------
 */

static struct trp_bus *bus;
static struct trp_sessions *sessions;
static uint32_t to;
static uint64_t state;
static int downs, down_error, answers;

static uint32_t draw(uint32_t below)
{
	state = state * 6364136223846793005 + 1442695040888963407;
	return (uint32_t)(state >> 33) % below;
}

static void fill_random(void *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		((uint8_t *)bytes)[i] = (uint8_t)draw(256);
}

static void on_receive(void *user, const void *frame, size_t length)
{
	trp_sessions_receive(sessions, frame, length, trp_time_now());
}

static void on_nobody(void *user, uint32_t number)
{
}

static void on_writable(void *user)
{
	trp_sessions_resume(sessions, trp_time_now());
}

static void on_changed(void *user, int error)
{
}

static const struct trp_bus_calls bus_calls = { .changed = on_changed,
						.receive = on_receive,
						.nobody = on_nobody,
						.writable = on_writable };

static int on_send(void *user, uint32_t number, const uint8_t *frame,
		   size_t length, bool is_question)
{
	return trp_bus_send_to(bus, number, frame, length, is_question);
}

static void on_random(void *user, void *bytes, size_t length)
{
	cr_assert_eq(getrandom(bytes, length, 0), (ssize_t)length);
}

static void on_up(void *user, uint32_t number)
{
}

static bool on_deliver(void *user, uint32_t number, const uint8_t *payload,
		       size_t length)
{
	struct trp_mail_parcel parcel;
	size_t at = 0;
	ssize_t taken;

	while ((taken = trp_mail_parcel_read(payload + at, length - at,
					     trp_time_now(), &parcel)) > 0) {
		answers += parcel.envelope.type ==
			   trp_type_of(&play__number__descriptor);
		at += (size_t)taken;
	}
	return true;
}

static void on_lost(void *user, uint32_t number, const uint8_t *payload,
		    size_t length, bool may_have_arrived)
{
}

static void on_down(void *user, uint32_t number, int error)
{
	downs++;
	down_error = error;
}

static const struct trp_session_calls calls = {
	.send = on_send,
	.random = on_random,
	.up = on_up,
	.deliver = on_deliver,
	.room = on_up,
	.lost = on_lost,
	.down = on_down,
};

static void turn(int ms)
{
	struct pollfd fd = { trp_bus_fd(bus), POLLIN, 0 };

	poll(&fd, 1, ms);
	trp_bus_run(bus, trp_time_now());
	trp_sessions_tick(sessions, trp_time_now());
}

static void join(void)
{
	struct trp_sessions_options options = { .number = NUMBER };
	struct trp_bus_address address;

	to = trp_ref_node(mail_await(&board->ref[QUICK]));
	cr_assert_eq(trp_bus_address_parse(mail_local(), "test", &address), 0);
	cr_assert_eq(trp_sessions_new(&sessions, &options, &calls, NULL), 0);
	cr_assert_eq(
		trp_bus_open_mail(&bus, &address, NUMBER, &bus_calls, NULL), 0);
	while (!bus->is_up)
		turn(5);
}

static void leave(void)
{
	trp_sessions_free(sessions);
	trp_bus_close(bus);
}

/* ---- frames ---------------------------------------------------------------
 */

/* Nothing at all, or what could be a frame of one of many numbers. */
static size_t make_frame(uint8_t *bytes)
{
	static const uint8_t kinds[] = { TRP_FRAME_HELLO, TRP_FRAME_WELCOME,
					 TRP_FRAME_MAIL,  TRP_FRAME_ACK,
					 TRP_FRAME_BYE,	  TRP_FRAME_RESET };
	struct trp_frame frame = { .from = 1000 + draw(100000), .to = to };
	size_t length = TRP_FRAME_HEADER + draw(400);

	fill_random(bytes, length);
	if (draw(4) == 0)
		return length - draw((uint32_t)length - 1);
	frame.kind = kinds[draw(sizeof(kinds))];
	frame.epoch = 1 + draw(1000);
	frame.echo = frame.kind == TRP_FRAME_HELLO ? 0 : 1 + draw(1000);
	frame.seq = draw(3);
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

	while ((r = trp_bus_send_to(bus, to, bytes, length, false)) == -EAGAIN)
		turn(5);
	cr_assert_eq(r, 0, "%s", strerror(-r));
}

static long rss_kb(pid_t pid)
{
	char path[64], line[128];
	long kb = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	file = fopen(path, "r");
	cr_assert(file != NULL);
	while (fgets(line, sizeof(line), file))
		sscanf(line, "RssAnon: %ld", &kb);
	fclose(file);
	return kb;
}

/* Nothing has crashed, asks go on, and memory is what it was, nearly. */
static void is_unharmed(pid_t pid, long before_kb)
{
	long asks = board->value[ASKS];

	mail_await_value(&board->value[ASKS], asks + ASKS_LEAST);
	cr_assert_eq(kill(pid, 0), 0);
#ifndef __SANITIZE_ADDRESS__
	cr_assert_lt(rss_kb(pid), before_kb + RSS_MORE_KB);
#endif
}

static void begin(const char *cookie)
{
	mail_begin();
	state = (uint64_t)getpid() * 7919;
	fprintf(stderr, "seed %lu\n", (unsigned long)state);
	for (int i = 0; i < 2; i++) {
		snprintf(mail_cookie[i], sizeof(mail_cookie[i]), "%s", cookie);
		mail_start(i, mail_local(), i ? asking_root : answering_root);
	}
	join();
	mail_await_value(&board->value[ASKS], ASKS_LEAST);
}

static void end(void)
{
	leave();
	board->value[OVER] = 1;
	mail_end();
}

static void flood(const char *cookie)
{
	static uint8_t bytes[TRP_FRAME_SIZE_MAX];
	struct trp_time since;
	long asks, before_kb;
	double seconds;
	pid_t pid;
	int i;

	begin(cookie);
	pid = mail_actor(0);
	before_kb = rss_kb(pid);
	asks = board->value[ASKS];
	since = trp_time_now();
	for (i = 0; i < FRAMES || board->value[ASKS] < asks + ASKS_LEAST; i++)
		send_frame(bytes, make_frame(bytes));
	seconds = (double)(trp_time_now().ns - since.ns) / 1e9;
	fprintf(stderr,
		"%d frames, %.0f a second to one inbox; beside them %.0f asks "
		"a second; %ld KiB more\n",
		i, i / seconds, (double)(board->value[ASKS] - asks) / seconds,
		rss_kb(pid) - before_kb);
	is_unharmed(pid, before_kb);
	end();
}

Test(hostile, frames_without_end_leave_asks_alone)
{
	flood("");
}

Test(hostile, frames_without_end_and_without_the_cookie_leave_asks_alone)
{
#ifdef HAVE_LIBCRYPTO
	flood("a cookie that no stranger knows");
#else
	cr_skip_test("seals were not built");
#endif
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
	uint32_t i = draw(TYPES + 1);

	return i < TYPES ? trp_type_of(types[i]) : draw(1 << 30);
}

static size_t make_parcel(uint8_t *bytes, size_t room)
{
	static uint8_t body[256];
	struct trp_mail_parcel parcel = {
		.to = draw(3) ? board->ref[QUICK] : draw(1 << 16),
		.envelope = { .type = some_type(),
			      .sender =
				      draw(4) ? (uint64_t)NUMBER
								<< TRP_REF_NODE |
							1 | draw(3) << 10
					      : draw(1 << 30),
			      .deadline = INT64_MAX,
			      .kind = (uint8_t)draw(TRP_AWAY),
			      .correlation = draw(100),
			      .service = draw(2),
			      .hop = (uint8_t)draw(256),
			      .flags = (uint8_t)draw(256) },
		.body = body,
		.length = draw(4) ? draw(20) : draw(sizeof(body)),
	};
	ssize_t length;

	fill_random(body, parcel.length);
	if (!draw(3)) /* an order to the mail actor, an end for an actor */
		parcel.to = trp_ref_of_node(1);
	length = trp_mail_parcel_write(&parcel, trp_time_now(), bytes, room);
	return length < 0 ? 0 : (size_t)length;
}

static size_t make_piece(uint8_t *bytes)
{
	uint64_t zero = 0, total = draw(2) ? draw(1000) : draw(1 << 29);
	uint64_t offset = draw(2) ? 0 : draw(2000);
	uint32_t size = TRP_PIECE_HEAD - 4 + draw(500);

	fill_random(bytes, size + 4);
	memcpy(bytes, &size, sizeof(size));
	memcpy(bytes + 4, &zero, sizeof(zero));
	memcpy(bytes + 12, &total, sizeof(total));
	memcpy(bytes + 20, &offset, sizeof(offset));
	return size + 4;
}

static size_t make_payload(uint8_t *bytes, size_t room)
{
	size_t length = 0;

	while (length < 2000 && draw(4))
		length += draw(3) ? make_parcel(bytes + length, room - length)
				  : make_piece(bytes + length);
	if (length && !draw(3)) /* changed on its way */
		bytes[draw((uint32_t)length)] ^= (uint8_t)(1 << draw(8));
	if (length && !draw(4))
		return 1 + draw((uint32_t)length);
	if (!length)
		fill_random(bytes, length = 1 + draw(300));
	return length;
}

Test(hostile, payloads_leave_asks_alone)
{
	static uint8_t bytes[TRP_FRAME_PAYLOAD_MAX];
	long before_kb;
	size_t room;
	pid_t pid;

	begin("");
	pid = mail_actor(0);
	before_kb = rss_kb(pid);
	for (int i = 0; i < PAYLOADS; i++) {
		while (!(room = trp_sessions_room(sessions, to)))
			turn(5);
		cr_assert_eq(trp_sessions_send(sessions, to, bytes,
					       make_payload(bytes, room),
					       trp_time_now()),
			     0);
		if (i % 16 == 0)
			turn(0);
	}
	is_unharmed(pid, before_kb);
	end();
}

/* What is kept for the one without room takes more than it has bytes. */
Test(hostile, empty_mail_for_a_full_mailbox_has_a_bound)
{
	enum { MOST = 150000, STILL = 200, STEP_MS = 10 };
	static uint8_t bytes[TRP_FRAME_PAYLOAD_MAX];
	struct trp_mail_parcel parcel = {
		.envelope = { .type = trp_type_of(&play__number__descriptor),
			      .sender = (uint64_t)NUMBER << TRP_REF_NODE | 1025,
			      .deadline = INT64_MAX,
			      .kind = TRP_MESSAGE },
	};
	size_t room, length;
	long before_kb;
	int sent = 0, still = 0;
	pid_t pid;

	begin("");
	pid = mail_actor(0);
	before_kb = rss_kb(pid);
	parcel.to = mail_await(&board->ref[FULL]);
	while (sent < MOST && still < STILL) {
		room = trp_sessions_room(sessions, to);
		still = room ? 0 : still + 1;
		turn(room ? 0 : STEP_MS);
		for (length = 0; length + TRP_PARCEL_HEAD <= room; sent++)
			length += (size_t)trp_mail_parcel_write(
				&parcel, trp_time_now(), bytes + length,
				room - length);
		if (length)
			cr_assert_eq(trp_sessions_send(sessions, to, bytes,
						       length, trp_time_now()),
				     0);
	}
	cr_assert_lt(sent, MOST, "it is kept without a bound");
	is_unharmed(pid, before_kb);
	end();
}

/* Orders are still in its lanes when it is told to end. */
Test(hostile, orders_without_end_let_it_end_in_order)
{
	static uint8_t bytes[TRP_FRAME_PAYLOAD_MAX];
	Troupe__Away__Choke choke = TROUPE__AWAY__CHOKE__INIT;
	uint8_t body[32];
	struct trp_mail_parcel parcel = {
		.to = trp_ref_of_node(1),
		.envelope = { .type = trp_type_of(choke.base.descriptor),
			      .sender = (uint64_t)NUMBER << TRP_REF_NODE | 1,
			      .deadline = INT64_MAX,
			      .kind = TRP_MESSAGE },
		.body = body,
	};
	size_t room, length;
	int sent = 0;

	choke.ref = parcel.envelope.sender;
	choke.is_over = true;
	parcel.length = protobuf_c_message_pack(&choke.base, body);
	begin("");
	while (!downs) {
		room = trp_sessions_room(sessions, to);
		for (length = 0;
		     length + TRP_PARCEL_HEAD + parcel.length <= room; sent++)
			length += (size_t)trp_mail_parcel_write(
				&parcel, trp_time_now(), bytes + length,
				room - length);
		if (length)
			trp_sessions_send(sessions, to, bytes, length,
					  trp_time_now());
		turn(length ? 0 : 5);
		if (sent > 100000)
			board->value[OVER] = 1;
	}
	cr_assert_eq(down_error, -ESHUTDOWN, "it has not said that it ends: %s",
		     strerror(-down_error));
	end();
}

/* ---- a node that was lost -------------------------------------------------
 */

static void say(const ProtobufCMessageDescriptor *type)
{
	static uint8_t bytes[256];
	const struct trp_mail_parcel parcel = {
		.to = board->ref[QUICK],
		.envelope = { .type = trp_type_of(type),
			      .sender = (uint64_t)NUMBER << TRP_REF_NODE | 1025,
			      .deadline = INT64_MAX,
			      .kind = TRP_MESSAGE },
	};
	ssize_t length = trp_mail_parcel_write(&parcel, trp_time_now(), bytes,
					       sizeof(bytes));

	cr_assert_eq(trp_sessions_send(sessions, to, bytes, (size_t)length,
				       trp_time_now()),
		     0);
}

/* It is refused for a second, and no longer than until it is there again. */
Test(hostile, node_that_is_back_at_once_is_answered)
{
	begin("");
	say(&play__text__descriptor);
	say(&play__number__descriptor);
	while (!answers)
		turn(5);
	leave();
	mail_await_value(&board->value[LOST], 1);
	join();
	say(&play__number__descriptor);
	while (answers < 2)
		turn(5);
	end();
}
