/* SPDX-License-Identifier: MIT */
/* Sessions over real buses, with a cookie where libcrypto is there. */
#include "ipc/bus/bus.h"
#include "ipc/bus/kinds.h"
#include "runtime/session/sessions.h"
#include "tests/support/server.h"
#include "tests/support/skip.h"
#ifdef HAVE_LIBCRYPTO
#include "runtime/session/seal.h"
#endif

#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

struct post {
	struct trp_bus *bus;
	struct trp_sessions *sessions;
	struct trp_guard *guard;
	uint32_t number, to;
	uint32_t sent, heard; /* payloads, each begins with its number */
	uint64_t bytes;
	int downs, lost, error;
};

struct mesh {
	struct post at[2];
	char url[160];
};

/* ---- a post is a bus and its sessions ------------------------------------ */

static void on_receive(void *user, const void *frame, size_t length)
{
	struct post *post = user;

	trp_sessions_receive(post->sessions, frame, length, trp_time_now());
}

static void on_nobody(void *user, uint32_t number)
{
	struct post *post = user;

	trp_sessions_gone(post->sessions, number, trp_time_now());
}

static void on_writable(void *user)
{
	trp_sessions_resume(((struct post *)user)->sessions, trp_time_now());
}

static void on_changed(void *user, int error)
{
	if (error == 0)
		trp_sessions_relink(((struct post *)user)->sessions,
				    trp_time_now());
}

static const struct trp_bus_calls bus_calls = { .changed = on_changed,
						.receive = on_receive,
						.nobody = on_nobody,
						.writable = on_writable };

static int on_send(void *user, uint32_t number, const uint8_t *frame,
		   size_t length, bool is_question)
{
	struct post *post = user;

	return trp_bus_send_to(post->bus, number, frame, length, is_question);
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
	struct post *post = user;
	uint32_t item;

	cr_assert_eq(number, post->to);
	cr_assert_geq(length, sizeof(item));
	memcpy(&item, payload, sizeof(item));
	cr_assert_eq(item, post->heard, "%u instead of %u", item, post->heard);
	post->heard++;
	post->bytes += length;
	return true;
}

static void on_lost(void *user, uint32_t number, const uint8_t *payload,
		    size_t length, bool may_have_arrived)
{
	((struct post *)user)->lost++;
}

static void on_down(void *user, uint32_t number, int error)
{
	struct post *post = user;

	post->downs++;
	post->error = error;
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

static void open_post(struct mesh *mesh, int place)
{
	struct post *post = &mesh->at[place];
	struct trp_sessions_options options = { 0 };
	struct trp_bus_address address;

	*post = (struct post) { .number = 1000 + (uint32_t)place,
				.to = 1001 - (uint32_t)place };
#ifdef HAVE_LIBCRYPTO
	cr_assert_eq(
		trp_seal_new(&post->guard, "a cookie of the test", 20, "test"),
		0);
#endif
	options.number = post->number;
	options.guard = post->guard;
	cr_assert_eq(trp_bus_address_parse(mesh->url, "test", &address), 0);
	cr_assert_eq(trp_sessions_new(&post->sessions, &options, &calls, post),
		     0);
	cr_assert_eq(trp_bus_open_mail(&post->bus, &address, post->number,
				       &bus_calls, post),
		     0);
}

static void close_post(struct post *post)
{
	trp_sessions_free(post->sessions);
	trp_bus_close(post->bus);
#ifdef HAVE_LIBCRYPTO
	trp_seal_free(post->guard);
#endif
	*post = (struct post) { 0 };
}

static void turn(struct mesh *mesh)
{
	struct pollfd fds[2];
	struct post *post;
	int i;

	for (i = 0; i < 2; i++)
		fds[i] = (struct pollfd) { mesh->at[i].bus
						   ? trp_bus_fd(mesh->at[i].bus)
						   : -1,
					   POLLIN, 0 };
	poll(fds, 2, 5);
	for (i = 0; i < 2; i++) {
		post = &mesh->at[i];
		if (!post->bus)
			continue;
		trp_bus_run(post->bus, trp_time_now());
		trp_sessions_tick(post->sessions, trp_time_now());
		trp_sessions_check(post->sessions);
	}
}

#define UNTIL(mesh, claim)                                               \
	do {                                                             \
		int64_t end_ = trp_time_now().ns + INT64_C(60000000000); \
		while (!(claim)) {                                       \
			turn(mesh);                                      \
			cr_assert(trp_time_now().ns < end_, "never: %s", \
				  #claim);                               \
		}                                                        \
	} while (0)

static void open_both(struct mesh *mesh)
{
	open_post(mesh, 0);
	open_post(mesh, 1);
	UNTIL(mesh, mesh->at[0].bus->is_up && mesh->at[1].bus->is_up);
}

static void say(struct post *post, uint32_t end)
{
	static uint8_t payload[TRP_FRAME_PAYLOAD_MAX];
	size_t room, length;

	while (post->sent < end &&
	       (room = trp_sessions_room(post->sessions, post->to))) {
		length = post->sent % 8 ? 100 : room;
		memcpy(payload, &post->sent, sizeof(post->sent));
		cr_assert_eq(trp_sessions_send(post->sessions, post->to,
					       payload, length, trp_time_now()),
			     0);
		post->sent++;
	}
}

/* Both ways at once. */
static void exchange(struct mesh *mesh, uint32_t count)
{
	uint32_t ends[2] = { mesh->at[0].sent + count,
			     mesh->at[1].sent + count };
	int64_t end = trp_time_now().ns + INT64_C(120000000000);

	while (mesh->at[1].heard < ends[0] || mesh->at[0].heard < ends[1]) {
		cr_assert_lt(trp_time_now().ns, end, "never");
		say(&mesh->at[0], ends[0]);
		say(&mesh->at[1], ends[1]);
		turn(mesh);
	}
}

static void nothing_was_lost(const struct mesh *mesh)
{
	for (int i = 0; i < 2; i++) {
		cr_assert_eq(mesh->at[i].lost, 0);
		cr_assert_eq(mesh->at[i].downs, 0);
		cr_assert_eq(mesh->at[i].heard, mesh->at[1 - i].sent);
	}
}

/* Nobody has the number of the other any more. */
static void end_is_told(struct mesh *mesh)
{
	close_post(&mesh->at[1]);
	trp_sessions_send(mesh->at[0].sessions, mesh->at[0].to, "to nobody", 9,
			  trp_time_now());
	UNTIL(mesh, mesh->at[0].downs == 1);
	cr_assert_eq(mesh->at[0].error, -EHOSTUNREACH);
	cr_assert_geq(mesh->at[0].lost, 1);
}

/* ---- local --------------------------------------------------------------- */

Test(buses, local_carries_mail_both_ways)
{
	struct mesh mesh = { 0 };

	snprintf(mesh.url, sizeof(mesh.url), "local:%s/mesh", make_folder());
	open_both(&mesh);
	exchange(&mesh, 5000);
	nothing_was_lost(&mesh);
	end_is_told(&mesh);
	close_post(&mesh.at[0]);
	drop_folder();
}

/* ---- mqtt ---------------------------------------------------------------- */

static pid_t begin_mqtt(struct mesh *mesh, int *ret_port)
{
	if (!trp_bus_kinds_find("mqtt", 4))
		SKIP("mosquitto", "MQTT was not built");
	need_program("mosquitto");
	*ret_port = free_port();
	snprintf(mesh->url, sizeof(mesh->url), "mqtt://127.0.0.1:%d/t/m",
		 *ret_port);
	return start_mosquitto(make_folder(), *ret_port,
			       "allow_anonymous true\n");
}

Test(buses, mqtt_carries_mail_both_ways)
{
	struct mesh mesh = { 0 };
	int port;
	pid_t broker = begin_mqtt(&mesh, &port);

	open_both(&mesh);
	exchange(&mesh, 5000);
	nothing_was_lost(&mesh);
	end_is_told(&mesh);
	close_post(&mesh.at[0]);
	stop_server(broker, SIGTERM);
	drop_folder();
}

Test(buses, mqtt_whose_broker_is_killed_in_mid_stream_loses_nothing)
{
	struct mesh mesh = { 0 };
	int port, i, j;
	pid_t broker = begin_mqtt(&mesh, &port);

	open_both(&mesh);
	for (i = 0; i < 10; i++) {
		exchange(&mesh, 300);
		for (j = 0; j < 3; j++) {
			say(&mesh.at[0], mesh.at[0].sent + 50);
			say(&mesh.at[1], mesh.at[1].sent + 50);
		}
		stop_server(broker, SIGKILL);
		turn(&mesh);
		broker = start_mosquitto(test_folder(), port,
					 "allow_anonymous true\n");
	}
	exchange(&mesh, 300);
	UNTIL(&mesh, mesh.at[0].heard == mesh.at[1].sent &&
			     mesh.at[1].heard == mesh.at[0].sent);
	nothing_was_lost(&mesh);
	close_post(&mesh.at[0]);
	close_post(&mesh.at[1]);
	stop_server(broker, SIGTERM);
	drop_folder();
}
