/* SPDX-License-Identifier: MIT */
/* Runs say that they are there, and others hear when they have gone. */
#include "ipc/bus/bus.h"
#include "ipc/bus/kinds.h"
#include "tests/support/server.h"
#include "tests/support/skip.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RUNS_MOST = 24, NUMBERS = 100 };

struct run {
	struct trp_bus *bus;
	int comings;
	bool is_here[NUMBERS]; /* as it was told last, by number */
	int gone[NUMBERS];     /* how often that was told */
	char words[NUMBERS][16];
	char node[NUMBERS][TRP_PRESENCE_NODE_SIZE];
};

static struct run runs[RUNS_MOST];
static char url[160];

static void on_changed(void *user, int error)
{
	((struct run *)user)->comings += error == 0;
}

static void on_receive(void *user, const void *frame, size_t length)
{
}

static void on_nobody(void *user, uint32_t number)
{
}

static void on_present(void *user, const char *node, uint32_t number,
		       const void *words, size_t length)
{
	struct run *run = user;

	cr_assert(number < NUMBERS && length < sizeof(run->words[0]));
	run->is_here[number] = true;
	snprintf(run->words[number], sizeof(run->words[0]), "%.*s", (int)length,
		 (const char *)words);
	strcpy(run->node[number], node);
}

static void on_gone(void *user, const char *node, uint32_t number)
{
	struct run *run = user;

	cr_assert(number < NUMBERS);
	run->is_here[number] = false;
	run->gone[number]++;
}

static const struct trp_bus_calls calls = { .changed = on_changed,
					    .receive = on_receive,
					    .nobody = on_nobody,
					    .present = on_present,
					    .gone = on_gone };

/* The number is the place, and 1. */
static struct run *open_run(int place, const char *node, const char *words)
{
	struct run *run = &runs[place];
	struct trp_bus_address address;

	memset(run, 0, sizeof(*run));
	cr_assert_eq(trp_bus_address_parse(url, "test", &address), 0);
	cr_assert_eq(trp_bus_open_mail(&run->bus, &address, (uint32_t)place + 1,
				       &calls, run),
		     0);
	if (node)
		cr_assert_eq(
			trp_bus_present(run->bus, node, words, strlen(words)),
			0);
	return run;
}

static void close_run(struct run *run)
{
	trp_bus_close(run->bus);
	run->bus = NULL;
}

static void close_all(void)
{
	for (int i = 0; i < RUNS_MOST; i++)
		close_run(&runs[i]);
}

static void turn(void)
{
	struct pollfd fds[RUNS_MOST];
	int i;

	for (i = 0; i < RUNS_MOST; i++)
		fds[i] = (struct pollfd) { runs[i].bus ? trp_bus_fd(runs[i].bus)
						       : -1,
					   POLLIN, 0 };
	poll(fds, RUNS_MOST, 10);
	for (i = 0; i < RUNS_MOST; i++)
		if (runs[i].bus)
			trp_bus_run(runs[i].bus, trp_time_now());
}

/* Runs until the claim holds, for a minute at most. */
#define UNTIL(claim)                                                     \
	do {                                                             \
		int64_t end_ = trp_time_now().ns + INT64_C(60000000000); \
		while (!(claim)) {                                       \
			turn();                                          \
			cr_assert(trp_time_now().ns < end_, "never: %s", \
				  #claim);                               \
		}                                                        \
	} while (0)

static void attend(struct run *run, const char *node)
{
	cr_assert_eq(trp_bus_attend(run->bus, node, true), 0);
}

/* A forked process is that run, until it is killed. */
static pid_t start_run(int place, const char *node)
{
	int ready[2];
	char byte;
	pid_t pid;

	cr_assert_eq(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		for (int i = 0; i < RUNS_MOST; i++)
			runs[i].bus = NULL;
		open_run(place, node, "forked");
		UNTIL(runs[place].bus->is_up);
		if (write(ready[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			turn();
	}
	close(ready[1]);
	cr_assert_eq(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return pid;
}

static void end_run(pid_t pid)
{
	kill(pid, SIGKILL);
	cr_assert_eq(waitpid(pid, NULL, 0), pid);
}

/* ---- of each kind -------------------------------------------------------- */

static void is_seen_by_those_that_attend(void)
{
	struct run *a = open_run(0, "a", "first"), *b, *c, *d;

	attend(a, NULL);
	UNTIL(a->bus->is_up);
	b = open_run(1, "b", "one");
	UNTIL(a->is_here[2]);
	cr_assert_str_eq(a->node[2], "b");
	cr_assert_str_eq(a->words[2], "one");
	c = open_run(2, NULL, NULL); /* it says nothing */
	UNTIL(c->bus->is_up);
	attend(c, "b");
	UNTIL(c->is_here[2]);
	cr_assert_eq(trp_bus_present(b->bus, "b", "two", 3), 0);
	UNTIL(strcmp(a->words[2], "two") == 0 &&
	      strcmp(c->words[2], "two") == 0);
	d = open_run(3, "d", "");
	UNTIL(a->is_here[4]);
	attend(d, "a");
	UNTIL(d->is_here[1]);
	cr_assert_str_eq(d->words[1], "first");
	close_run(b);
	UNTIL(!a->is_here[2] && !c->is_here[2]);
	cr_assert(!d->is_here[2] && !d->gone[2] && !a->gone[4]);
	cr_assert(!c->is_here[1] && !c->is_here[4] && !a->is_here[3]);
}

static void is_no_longer_told_of(void)
{
	struct run *a = open_run(5, "a", ""), *b = open_run(6, "b", "");

	attend(a, "b");
	attend(a, "c");
	UNTIL(a->is_here[7]);
	cr_assert_eq(trp_bus_attend(a->bus, "b", false), 0);
	UNTIL(!a->bus->presence.are_wishes_new && b->bus->is_up);
	close_run(b);
	open_run(7, "c", "");
	UNTIL(a->is_here[8]);
	cr_assert_eq(a->gone[7], 0);
	open_run(8, "b", "");
	attend(a, "b");
	UNTIL(a->is_here[9]);
}

/* It forks before this process has threads of a library. */
static void end_of_a_killed_run_is_told(void)
{
	pid_t pid = start_run(11, "k");
	struct run *a = open_run(10, "a", "");

	attend(a, "k");
	UNTIL(a->is_here[12]);
	end_run(pid);
	UNTIL(!a->is_here[12]);
	open_run(12, "k", "again"); /* the next run of this name */
	UNTIL(a->is_here[13]);
}

static void is_told_of(void)
{
	end_of_a_killed_run_is_told();
	close_all();
	is_seen_by_those_that_attend();
	close_all();
	is_no_longer_told_of();
	close_all();
}

/* ---- local --------------------------------------------------------------- */

static void begin_local(void)
{
	snprintf(url, sizeof(url), "local:%s/mesh", make_folder());
}

Test(presence, over_local_is_told_of)
{
	begin_local();
	is_told_of();
	drop_folder();
}

enum { MANY = 20 };

/* Pairs of which one knows the other. */
static int acquaintances(void)
{
	int count = 0;

	for (int i = 0; i < MANY; i++)
		for (int n = 1; n <= MANY; n++)
			count += runs[i].is_here[n];
	return count;
}

Test(presence, over_local_of_many_that_start_at_once)
{
	char name[16];

	begin_local();
	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		attend(open_run(i, name, "here"), NULL);
	}
	UNTIL(acquaintances() == MANY * (MANY - 1));
	for (int i = 0; i < MANY; i++)
		cr_assert(!runs[i].is_here[i + 1] && !runs[i].bus->lost);
	close_all();
	drop_folder();
}

Test(presence, over_local_in_a_folder_that_was_replaced)
{
	struct run *a, *b;
	char command[200];

	begin_local();
	a = open_run(0, "a", "");
	b = open_run(1, "b", "");
	attend(a, "b");
	UNTIL(a->is_here[2]);
	snprintf(command, sizeof(command), "rm -r '%s/mesh'", test_folder());
	a->is_here[2] = false;
	cr_assert_eq(system(command), 0);
	UNTIL(a->comings == 2);
	close_run(b); /* it attends to nobody, and has noticed nothing */
	open_run(2, "b", "");
	UNTIL(a->is_here[3]);
	close_all();
	drop_folder();
}

/* ---- brokers ------------------------------------------------------------- */

static int port;

static pid_t begin_broker(const struct broker *broker)
{
	need_broker(broker);
	port = free_port();
	snprintf(url, sizeof(url), "%s://127.0.0.1:%d/t/m", broker->kind, port);
	return broker->start(make_folder(), port, broker->open);
}

static void end_broker(pid_t broker)
{
	close_all();
	stop_server(broker, SIGTERM);
	drop_folder();
}

Test(presence, over_mqtt_is_told_of)
{
	pid_t broker = begin_broker(&mosquitto_broker);

	is_told_of();
	end_broker(broker);
}

Test(presence, over_nats_is_told_of)
{
	pid_t broker = begin_broker(&nats_broker);

	is_told_of();
	end_broker(broker);
}

static void is_told_again(const struct broker *broker)
{
	pid_t pid = begin_broker(broker);
	struct run *a = open_run(0, "a", ""), *b = open_run(1, "b", "");

	attend(a, "b");
	UNTIL(a->is_here[2]);
	stop_server(pid, SIGKILL);
	a->is_here[2] = false;
	pid = broker->start(test_folder(), port, broker->open);
	UNTIL(a->is_here[2] && b->comings == 2);
	cr_assert_eq(a->gone[2], 0);
	end_broker(pid);
}

Test(presence, over_mqtt_is_told_again_when_the_broker_is_back)
{
	is_told_again(&mosquitto_broker);
}

Test(presence, over_nats_is_told_again_when_the_server_is_back)
{
	is_told_again(&nats_broker);
}

/* The will of the first replaces what the second has said, in the broker. */
Test(presence, over_mqtt_of_a_second_run_outlives_the_will_of_the_first)
{
	pid_t broker = begin_broker(&mosquitto_broker),
	      first = start_run(0, "b");
	struct run *a = open_run(1, "a", ""), *c;

	attend(a, "b");
	UNTIL(a->is_here[1]);
	open_run(2, "b", "second");
	UNTIL(a->is_here[3]);
	end_run(first);
	UNTIL(a->gone[1]);
	c = open_run(3, "c", "");
	attend(c, "b");
	UNTIL(c->is_here[3]);
	cr_assert_eq(c->gone[3], 0);
	cr_assert(a->is_here[3]);
	end_broker(broker);
}

Test(presence, over_mqtt_leaves_nothing_that_is_not_swept)
{
	pid_t broker = begin_broker(&mosquitto_broker),
	      killed = start_run(0, "k");
	struct run *a = open_run(1, NULL, NULL), *b, *c;

	attend(a, "k");
	UNTIL(a->is_here[1]);
	end_run(killed);
	UNTIL(a->gone[1]);
	b = open_run(2, NULL, NULL);
	attend(b, "k");
	UNTIL(b->gone[1]); /* kept by the broker */
	c = open_run(3, NULL, NULL);
	attend(c, "k");
	attend(c, "d");
	open_run(4, "d", "");
	UNTIL(c->is_here[5]);
	cr_assert_eq(c->gone[1], 0);
	end_broker(broker);
}

Test(presence, over_mqtt_has_no_effect_if_the_broker_forbids_it)
{
	char more[400];
	pid_t broker;
	FILE *file;

	if (!trp_bus_kinds_find("mqtt", 4))
		SKIP("mosquitto", "MQTT was not built");
	need_program("mosquitto");
	snprintf(more, sizeof(more), "%s/acl", make_folder());
	file = fopen(more, "w");
	cr_assert(file && fputs("topic readwrite t/m/n/#\n", file) >= 0 &&
		  fclose(file) == 0);
	snprintf(more, sizeof(more), "allow_anonymous true\nacl_file %s/acl",
		 test_folder());
	port = free_port();
	snprintf(url, sizeof(url), "mqtt://127.0.0.1:%d/t/m", port);
	broker = start_mosquitto(test_folder(), port, more);
	open_run(0, "a", "");
	attend(&runs[0], NULL);
	open_run(1, "b", "");
	UNTIL(runs[0].bus->is_up && runs[1].bus->is_up);
	UNTIL(runs[0].bus->lost);
	cr_assert(runs[0].bus->is_up && runs[0].comings == 1);
	end_broker(broker);
}

/* ---- as bytes ------------------------------------------------------------ */

Test(presence, that_is_said_is_read)
{
	uint8_t bytes[TRP_PRESENCE_BYTES_MAX];
	struct trp_presence presence = { 0 };
	struct trp_presence_heard heard;
	size_t length;

	cr_assert_eq(trp_presence_set(&presence, "n1.a_b-c", "abc", 3), 0);
	cr_assert_eq(trp_presence_set(&presence, "other", "abc", 3), -EINVAL);
	cr_assert_eq(trp_presence_set(&presence, "n1.a_b-c", NULL,
				      TRP_PRESENCE_WORDS_MAX + 1),
		     -EMSGSIZE);
	length = trp_presence_write(&presence, 0xabcdef, false, bytes);
	cr_assert_eq(trp_presence_read(&presence, bytes, length, &heard), 0);
	cr_assert_str_eq(heard.node, "n1.a_b-c");
	cr_assert(heard.number == 0xabcdef && heard.length == 3 &&
		  !heard.is_gone && memcmp(heard.words, "abc", 3) == 0);
	length = trp_presence_write(&presence, 7, true, bytes);
	cr_assert_eq(trp_presence_read(&presence, bytes, length, &heard), 0);
	cr_assert(heard.is_gone && heard.number == 7 && !heard.length);
}

Test(presence, with_a_wrong_byte_is_refused)
{
	uint8_t bytes[TRP_PRESENCE_BYTES_MAX + 1];
	struct trp_presence presence = { 0 };
	struct trp_presence_heard heard;
	size_t length;

	cr_assert_eq(trp_presence_set(&presence, "node", "words", 5), 0);
	length = trp_presence_write(&presence, 7, false, bytes);
	for (size_t n = 0; n < 13; n++)
		cr_assert_eq(trp_presence_read(&presence, bytes, n, &heard),
			     -EBADMSG);
	for (size_t i = 0; i < 4; i++) {
		bytes[i] ^= 1;
		cr_assert_eq(
			trp_presence_read(&presence, bytes, length, &heard),
			-EBADMSG);
		bytes[i] ^= 1;
	}
	bytes[9] = '/';
	cr_assert_eq(trp_presence_read(&presence, bytes, length, &heard),
		     -EBADMSG);
	bytes[9] = '\0';
	cr_assert_eq(trp_presence_read(&presence, bytes, length, &heard),
		     -EBADMSG);
	bytes[9] = 'n';
	bytes[8] = 200;
	cr_assert_eq(trp_presence_read(&presence, bytes, length, &heard),
		     -EBADMSG);
	bytes[8] = 4;
	cr_assert_eq(trp_presence_read(&presence, bytes, sizeof(bytes), &heard),
		     -EBADMSG);
	memset(bytes + 4, 0, 4);
	cr_assert_eq(trp_presence_read(&presence, bytes, length, &heard),
		     -EBADMSG);
}

/* A sum, and a secret. */
static void sign(void *user, const uint8_t *bytes, size_t length, uint8_t *tag)
{
	memset(tag, *(const char *)user, TRP_PRESENCE_TAG);
	for (size_t i = 0; i < length; i++)
		tag[i % TRP_PRESENCE_TAG] ^= bytes[i];
}

static bool verify(void *user, const uint8_t *bytes, size_t length,
		   const uint8_t *tag)
{
	uint8_t right[TRP_PRESENCE_TAG];

	sign(user, bytes, length, right);
	return memcmp(right, tag, sizeof(right)) == 0;
}

Test(presence, of_a_stranger_is_not_heard_where_there_is_a_seal)
{
	static char ours = 'o', theirs = 't';
	uint8_t bytes[TRP_PRESENCE_BYTES_MAX];
	struct trp_presence plain = { 0 }, own = { 0 }, other = { 0 };
	struct trp_presence_heard heard;
	size_t length;

	own.seal = (struct trp_presence_seal) { sign, verify, &ours };
	other.seal = (struct trp_presence_seal) { sign, verify, &theirs };
	cr_assert_eq(trp_presence_set(&own, "n", "abc", 3), 0);
	cr_assert_eq(trp_presence_set(&plain, "n", "abc", 3), 0);
	for (int is_gone = 0; is_gone < 2; is_gone++) {
		length = trp_presence_write(&own, 7, is_gone, bytes);
		cr_assert_eq(trp_presence_read(&own, bytes, length, &heard), 0);
		cr_assert_eq(heard.length, is_gone ? 0 : 3);
		cr_assert_eq(trp_presence_read(&other, bytes, length, &heard),
			     -EBADMSG);
		for (size_t n = 0; n < length; n++)
			cr_assert_eq(trp_presence_read(&own, bytes, n, &heard),
				     -EBADMSG);
		length = trp_presence_write(&plain, 7, is_gone, bytes);
		cr_assert_eq(trp_presence_read(&own, bytes, length, &heard),
			     -EBADMSG);
	}
}
