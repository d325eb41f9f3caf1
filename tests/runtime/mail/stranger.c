/* SPDX-License-Identifier: MIT */
#include "tests/runtime/mail/stranger.h"

#include <poll.h>
#include <sys/random.h>
#include <unistd.h>
#include "runtime/mail/parcel.h"
#include "runtime/node/system.pb-c.h"
#include "runtime/troupe_ask.h"
#include "runtime/troupe_monitor.h"
#include "serialize/type.h"

enum { STRANGER_MORE_KB = 64 << 10 };

/* ---- the nodes ------------------------------------------------------------
 */

static int answer(const struct troupe_message *message)
{
	troupe_send(message->sender, message->body); /* which may be nobody */
	return 0;
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
		if (r < 0 && r != -EAGAIN) {
			CHECK(board->value[OVER]);
			break;
		}
		board->value[ASKS] += r == 0;
	}
	return 0;
}

/* ---- the stranger ---------------------------------------------------------
 */

struct stranger stranger;
static uint64_t state;
static long before_kb;
static const char *bus_url;

uint32_t stranger_draw(uint32_t below)
{
	state = state * 6364136223846793005 + 1442695040888963407;
	return (uint32_t)(state >> 33) % below;
}

void stranger_fill_random(void *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		((uint8_t *)bytes)[i] = (uint8_t)stranger_draw(256);
}

static void on_receive(void *user, const void *frame, size_t length)
{
	trp_sessions_receive(stranger.sessions, frame, length, trp_time_now());
}

static void on_nobody(void *user, uint32_t number)
{
}

static void on_writable(void *user)
{
	trp_sessions_resume(stranger.sessions, trp_time_now());
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
	return trp_bus_send_to(stranger.bus, number, frame, length,
			       is_question);
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
		stranger.answers += parcel.envelope.type ==
				    trp_type_of(&play__number__descriptor);
		stranger.ends +=
			parcel.envelope.type ==
			trp_type_of(&troupe__control__ended__descriptor);
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
	stranger.downs++;
	stranger.down_error = error;
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

void stranger_turn(int ms)
{
	struct pollfd fd = { trp_bus_fd(stranger.bus), POLLIN, 0 };

	poll(&fd, 1, ms);
	trp_bus_run(stranger.bus, trp_time_now());
	trp_sessions_tick(stranger.sessions, trp_time_now());
}

void stranger_join(void)
{
	struct trp_sessions_options options = { .number = STRANGER };
	struct trp_bus_address address;

	stranger.to = trp_ref_node(mail_await(&board->ref[QUICK]));
	cr_assert_eq(trp_bus_address_parse(bus_url, "test", &address), 0);
	cr_assert_eq(
		trp_sessions_new(&stranger.sessions, &options, &calls, NULL),
		0);
	cr_assert_eq(trp_bus_open_mail(&stranger.bus, &address, STRANGER,
				       &bus_calls, NULL),
		     0);
	while (!stranger.bus->is_up)
		stranger_turn(5);
}

size_t stranger_room(void)
{
	return trp_sessions_room(stranger.sessions, stranger.to);
}

void stranger_send(const void *payload, size_t length)
{
	int r = trp_sessions_send(stranger.sessions, stranger.to, payload,
				  length, trp_time_now());

	cr_assert_eq(r, 0, "%s", strerror(-r));
}

void stranger_leave(void)
{
	trp_sessions_free(stranger.sessions);
	trp_bus_close(stranger.bus);
}

static long rss_kb(void)
{
	char path[64], line[128];
	long kb = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)mail_actor(0));
	file = fopen(path, "r");
	cr_assert(file != NULL);
	while (fgets(line, sizeof(line), file))
		sscanf(line, "RssAnon: %ld", &kb);
	fclose(file);
	return kb;
}

long stranger_more_kb(void)
{
	return rss_kb() - before_kb;
}

void stranger_is_unharmed(void)
{
	long asks = board->value[ASKS];

	mail_await_value(&board->value[ASKS], asks + STRANGER_ASKS);
	cr_assert_eq(kill(mail_actor(0), 0), 0);
#ifndef __SANITIZE_ADDRESS__
	cr_assert_lt(stranger_more_kb(), STRANGER_MORE_KB);
#endif
}

void stranger_begin(const char *url, const char *cookie)
{
	bus_url = url ? url : mail_local();
	state = (uint64_t)getpid() * 7919;
	fprintf(stderr, "seed %lu\n", (unsigned long)state);
	for (int i = 0; i < 2; i++) {
		snprintf(mail_cookie[i], sizeof(mail_cookie[i]), "%s", cookie);
		mail_start(i, bus_url, i ? asking_root : answering_root);
	}
	stranger_join();
	mail_await_value(&board->value[ASKS], STRANGER_ASKS);
	before_kb = rss_kb();
}

void stranger_end(pid_t broker)
{
	stranger_leave();
	board->value[OVER] = 1;
	mail_end_nodes();
	if (broker)
		stop_server(broker, SIGTERM);
	mail_end();
}
