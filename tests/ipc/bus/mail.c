/* SPDX-License-Identifier: MIT */
/* Frames from one number to another, over each bus that carries mail. */
#include "ipc/bus/bus.h"
#include "ipc/bus/kinds.h"
#include "tests/support/server.h"
#include "tests/support/skip.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OFFICES_MOST = 3, FRAMES = 3000 };

struct office {
	struct trp_bus *bus;
	uint32_t number;
	int error; /* of the last change */
	int comings;
	int heard;  /* frames, each with its number in front */
	int nobody; /* the number of which that was told last */
	int writable;
	bool is_asleep; /* it is not run */
};

struct offices {
	struct office at[OFFICES_MOST];
	char url[160];
};

static void on_changed(void *user, int error)
{
	struct office *office = user;

	office->error = error;
	office->comings += error == 0;
}

static void on_receive(void *user, const void *frame, size_t length)
{
	struct office *office = user;
	int number;

	cr_assert(length >= sizeof(number));
	memcpy(&number, frame, sizeof(number));
	cr_assert_eq(number, office->heard, "frame %d instead of %d", number,
		     office->heard);
	office->heard++;
}

static void on_nobody(void *user, uint32_t number)
{
	((struct office *)user)->nobody = (int)number;
}

static void on_writable(void *user)
{
	((struct office *)user)->writable++;
}

static const struct trp_bus_calls calls = { .changed = on_changed,
					    .receive = on_receive,
					    .nobody = on_nobody,
					    .writable = on_writable };

static void open_office(struct offices *offices, int place, uint32_t number)
{
	struct office *office = &offices->at[place];
	struct trp_bus_address address;

	*office = (struct office) { .number = number };
	cr_assert_eq(trp_bus_address_parse(offices->url, "test", &address), 0);
	cr_assert_eq(trp_bus_open_mail(&office->bus, &address, number, &calls,
				       office),
		     0);
}

static void close_offices(struct offices *offices)
{
	for (int i = 0; i < OFFICES_MOST; i++)
		trp_bus_close(offices->at[i].bus);
}

static void turn(struct offices *offices)
{
	struct pollfd fds[OFFICES_MOST];
	int i;

	for (i = 0; i < OFFICES_MOST; i++)
		fds[i] = (struct pollfd) {
			offices->at[i].bus && !offices->at[i].is_asleep
				? trp_bus_fd(offices->at[i].bus)
				: -1,
			POLLIN, 0
		};
	poll(fds, OFFICES_MOST, 10);
	for (i = 0; i < OFFICES_MOST; i++)
		if (fds[i].fd >= 0)
			trp_bus_run(offices->at[i].bus, trp_time_now());
}

/* Runs until the claim holds, for half a minute at most. */
#define UNTIL(offices, claim)                                            \
	do {                                                             \
		int64_t end_ = trp_time_now().ns + INT64_C(30000000000); \
		while (!(claim)) {                                       \
			turn(offices);                                   \
			cr_assert(trp_time_now().ns < end_, "never: %s", \
				  #claim);                               \
		}                                                        \
	} while (0)

static void open_two(struct offices *offices)
{
	open_office(offices, 0, 1000);
	open_office(offices, 1, 2000);
	UNTIL(offices, offices->at[0].bus->is_up && offices->at[1].bus->is_up);
}

/* ---- of each kind -------------------------------------------------------- */

static size_t length_of(int number)
{
	static const size_t lengths[] = { 4, 100, 4096, 65536 };

	return lengths[number % 4];
}

/* As sessions do: no more on the way than a window has. */
static void frames_arrive_in_order(struct offices *offices)
{
	static char frame[TRP_BUS_SIZE_MAX];
	struct office *from = &offices->at[0], *to = &offices->at[1];
	int64_t end = trp_time_now().ns + INT64_C(60000000000);
	int sent = 0, r;

	while (to->heard < FRAMES) {
		cr_assert_lt(trp_time_now().ns, end, "never");
		while (sent < FRAMES && sent - to->heard < 100) {
			memcpy(frame, &sent, sizeof(sent));
			r = trp_bus_send_to(from->bus, to->number, frame,
					    length_of(sent), false);
			if (r == -EAGAIN)
				break;
			cr_assert_eq(r, 0, "%s", strerror(-r));
			sent++;
		}
		turn(offices);
	}
	cr_assert_eq(to->heard, FRAMES);
}

static void number_is_of_one_run(struct offices *offices)
{
	open_office(offices, 2, 2000);
	UNTIL(offices, offices->at[2].error);
	cr_assert_eq(offices->at[2].error, -EEXIST);
	cr_assert(offices->at[1].bus->is_up && !offices->at[1].error);
	trp_bus_close(offices->at[2].bus);
	trp_bus_close(offices->at[1].bus);
	offices->at[1].bus = NULL;
	open_office(offices, 2, 2000);
	UNTIL(offices, offices->at[2].bus->is_up);
}

static void nobody_is_told_of(struct offices *offices)
{
	struct office *from = &offices->at[0];
	int r = trp_bus_send_to(from->bus, 3000, "hello", 5, true);

	if (r == -EHOSTUNREACH)
		return;
	cr_assert_eq(r, 0);
	UNTIL(offices, from->nobody == 3000);
}

static void is_a_post_office(struct offices *offices)
{
	open_two(offices);
	frames_arrive_in_order(offices);
	nobody_is_told_of(offices);
	number_is_of_one_run(offices);
	cr_assert_eq(offices->at[0].comings, 1);
	close_offices(offices);
}

/* ---- local --------------------------------------------------------------- */

static void begin_local(struct offices *offices)
{
	memset(offices, 0, sizeof(*offices));
	snprintf(offices->url, sizeof(offices->url), "local:%s/mesh",
		 make_folder());
}

Test(mail, over_local_arrives_in_order)
{
	struct offices offices;

	begin_local(&offices);
	is_a_post_office(&offices);
	drop_folder();
}

static void fill(struct office *from, const struct office *to, int *sent)
{
	static char frame[TRP_BUS_SIZE_MAX];
	int r;

	do {
		memcpy(frame, sent, sizeof(*sent));
		r = trp_bus_send_to(from->bus, to->number, frame, sizeof(frame),
				    false);
		*sent += r == 0;
		cr_assert_lt(*sent, 10000, "nothing bounds what is under way");
	} while (r == 0);
	cr_assert_eq(r, -EAGAIN);
}

Test(mail, over_local_to_one_that_stands_still_holds_up_no_other)
{
	struct offices offices;
	struct office *at = offices.at;
	int sent = 0, other = 0;

	begin_local(&offices);
	open_two(&offices);
	open_office(&offices, 2, 3000);
	UNTIL(&offices, at[2].bus->is_up);
	at[1].is_asleep = true;
	fill(&at[0], &at[1], &sent);
	cr_assert_gt(sent, 0);
	cr_assert_eq(
		trp_bus_send_to(at[0].bus, 3000, &other, sizeof(other), false),
		0);
	UNTIL(&offices, at[2].heard == 1);
	cr_assert_eq(at[0].writable, 0);
	at[1].is_asleep = false;
	UNTIL(&offices, at[0].writable == 1 && at[1].heard == sent);
	close_offices(&offices);
	drop_folder();
}

/* A forked process claims the number and is killed. */
static pid_t start_owner(struct offices *offices, int place, uint32_t number)
{
	int ready[2];
	char byte;
	pid_t pid;

	cr_assert_eq(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		open_office(offices, place, number);
		UNTIL(offices, offices->at[place].bus->is_up);
		if (write(ready[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	cr_assert_eq(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return pid;
}

Test(mail, over_local_tells_of_a_run_that_was_killed)
{
	struct offices offices;
	struct office *at = offices.at;
	int number = 0;
	pid_t pid;

	begin_local(&offices);
	pid = start_owner(&offices, 1, 2000);
	open_office(&offices, 0, 1000);
	UNTIL(&offices, at[0].bus->is_up);
	cr_assert_eq(trp_bus_send_to(at[0].bus, 2000, &number, sizeof(number),
				     false),
		     0);
	kill(pid, SIGKILL);
	cr_assert_eq(waitpid(pid, NULL, 0), pid);
	UNTIL(&offices, at[0].nobody == 2000);
	cr_assert_eq(trp_bus_send_to(at[0].bus, 2000, &number, sizeof(number),
				     false),
		     -EHOSTUNREACH);
	open_office(&offices, 2, 2000); /* its name is no obstacle */
	UNTIL(&offices, at[2].bus->is_up);
	close_offices(&offices);
	drop_folder();
}

Test(mail, over_local_goes_on_in_a_folder_that_was_replaced)
{
	struct offices offices;
	struct office *at = offices.at;
	char command[200];
	int r;

	begin_local(&offices);
	open_two(&offices);
	snprintf(command, sizeof(command), "rm -r '%s/mesh'", test_folder());
	cr_assert_eq(system(command), 0);
	r = trp_bus_send_to(at[0].bus, 2000, "lost", 4, false);
	cr_assert_eq(r, -ENOTCONN);
	UNTIL(&offices, at[0].comings == 2);
	close_offices(&offices);
	drop_folder();
}

/* ---- brokers ------------------------------------------------------------- */

static pid_t begin_broker(struct offices *offices, const struct broker *broker,
			  int *ret_port)
{
	need_broker(broker);
	memset(offices, 0, sizeof(*offices));
	*ret_port = free_port();
	snprintf(offices->url, sizeof(offices->url), "%s://127.0.0.1:%d/t/m",
		 broker->kind, *ret_port);
	return broker->start(make_folder(), *ret_port, broker->open);
}

static void arrives_in_order(const struct broker *broker)
{
	struct offices offices;
	int port;
	pid_t pid = begin_broker(&offices, broker, &port);

	is_a_post_office(&offices);
	stop_server(pid, SIGTERM);
	drop_folder();
}

Test(mail, over_mqtt_arrives_in_order)
{
	arrives_in_order(&mosquitto_broker);
}

Test(mail, over_nats_arrives_in_order)
{
	arrives_in_order(&nats_broker);
}

static void goes_on_when_it_is_back(const struct broker *broker)
{
	struct offices offices;
	struct office *at = offices.at;
	int port, number = 0;
	pid_t pid = begin_broker(&offices, broker, &port);

	open_two(&offices);
	stop_server(pid, SIGKILL);
	UNTIL(&offices, at[0].error && at[1].error);
	cr_assert_eq(trp_bus_send_to(at[0].bus, 2000, "x", 1, false),
		     -ENOTCONN);
	pid = broker->start(test_folder(), port, broker->open);
	UNTIL(&offices, at[0].comings == 2 && at[1].comings == 2);
	cr_assert_eq(trp_bus_send_to(at[0].bus, 2000, &number, sizeof(number),
				     false),
		     0);
	UNTIL(&offices, at[1].heard == 1);
	close_offices(&offices);
	stop_server(pid, SIGTERM);
	drop_folder();
}

Test(mail, over_mqtt_goes_on_when_the_broker_is_back)
{
	goes_on_when_it_is_back(&mosquitto_broker);
}

Test(mail, over_nats_goes_on_when_the_server_is_back)
{
	goes_on_when_it_is_back(&nats_broker);
}

Test(mail, over_mqtt_to_a_broker_that_does_not_read_is_refused_here)
{
	struct offices offices;
	struct office *at = offices.at;
	int port, sent = 0;
	pid_t broker = begin_broker(&offices, &mosquitto_broker, &port);

	open_two(&offices);
	kill(broker, SIGSTOP);
	fill(&at[0], &at[1], &sent);
	kill(broker, SIGCONT);
	UNTIL(&offices, at[0].writable == 1);
	close_offices(&offices);
	stop_server(broker, SIGTERM);
	drop_folder();
}

/* A socket whose backlog is full: the kernel drops what connects to it. */
static int black_hole(int clients[static 2])
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert_eq(bind(fd, (struct sockaddr *)&address, size), 0);
	cr_assert_eq(listen(fd, 0), 0);
	cr_assert_eq(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	for (int i = 0; i < 2; i++) {
		clients[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		connect(clients[i], (struct sockaddr *)&address, size);
	}
	return fd;
}

/* In connect(2) it would stand still for two minutes. */
Test(mail, a_broker_that_does_not_answer_holds_nobody_up, .timeout = 60)
{
	struct sockaddr_in address;
	socklen_t size = sizeof(address);
	struct offices offices = { 0 };
	int clients[2], fd = black_hole(clients);

	need_broker(&mosquitto_broker);
	getsockname(fd, (struct sockaddr *)&address, &size);
	snprintf(offices.url, sizeof(offices.url), "mqtt://127.0.0.1:%d",
		 ntohs(address.sin_port));
	open_office(&offices, 0, 1000);
	for (int i = 0; i < 100; i++)
		turn(&offices);
	cr_assert(!offices.at[0].bus->is_up);
	close_offices(&offices);
	for (int i = 0; i < 2; i++)
		close(clients[i]);
	close(fd);
}

/* ---- serf ---------------------------------------------------------------- */

Test(mail, is_refused_by_a_bus_that_carries_none)
{
	struct trp_bus_address address;
	struct trp_bus *bus = NULL;

	if (!trp_bus_kinds_find("serf", 4))
		SKIP("msgpack", "Serf was not built");
	cr_assert_eq(
		trp_bus_address_parse("serf://127.0.0.1", "test", &address), 0);
	cr_assert_eq(trp_bus_open_mail(&bus, &address, 1000, &calls, NULL),
		     -EOPNOTSUPP);
	cr_assert_null(bus);
}
