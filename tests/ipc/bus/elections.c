/* SPDX-License-Identifier: MIT */
/* Three nodes elect over each bus; nodes and servers die, garbage is sent. */
#include "tests/ipc/bus/vote.h"
#include "ipc/bus/kinds.h"
#include "serialize/beacon/codecs.h"
#include "tests/support/skip.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* Gaps: agents of Serf pass something on each 100 ms. */
#define QUICK_S	 0.2
#define GOSSIP_S 0.4

/* The tests of every bus whose server is installed. */
static void elect(struct election *election)
{
	election_run(election, is_settled, "three agree");
	election_mark(election);
	election_run(election, has_gone_round, "each has its turn");
	cr_assert(election->overlaps == 0);
}

static void say_garbage(struct election *election)
{
	static const char *const garbage[] = { "garbage", "\xff\xff\xff\xff",
					       "\x81" };
	int i;

	for (i = 0; i < 3; i++)
		cr_assert(trp_bus_send(election->voters[0].bus, garbage[i],
				       strlen(garbage[i])) == 0);
	election_run(election, is_garbage_counted, "garbage is counted");
	election_mark(election);
	election_run(election, has_gone_round, "garbage does no harm");
}

static void kill_one(struct election *election)
{
	election_kill(election, 2);
	election_run(election, is_settled, "two agree without the third");
}

/* ---- local -------------------------------------------------------------- */

static void local_urls(char urls[3][128], const char *in)
{
	int i;

	for (i = 0; i < 3; i++)
		snprintf(urls[i], 128, "local:%s/mesh", in);
}

static int sockets_in(const char *path)
{
	char command[256];
	FILE *list;
	int count = -1;

	snprintf(command, sizeof(command), "ls '%s' | grep -c bus$", path);
	list = popen(command, "r");
	cr_assert(list && fscanf(list, "%d", &count) == 1);
	pclose(list);
	return count;
}

static void begin_local(struct election *election, char urls[3][128])
{
	const char *const list[] = { urls[0], urls[1], urls[2] };

	election_begin(election, trp_codecs_find("cbor") ? "cbor" : "msgpack",
		       QUICK_S, list, 3);
}

Test(local, three_elect_and_one_dies)
{
	const char *in = make_folder();
	struct election election;
	char urls[3][128];

	local_urls(urls, in);
	begin_local(&election, urls);
	elect(&election);
	say_garbage(&election);
	kill_one(&election);
	election_end(&election);
	drop_folder();
}

/* A forked process opens the bus and is killed. */
static void leave_a_dead_socket(const char *url)
{
	static const struct trp_bus_calls no_calls;
	struct trp_bus_address address;
	struct trp_bus *bus;
	int status;
	pid_t pid;

	cr_assert(trp_bus_address_parse(url, "test", &address) == 0);
	pid = fork();
	if (pid == 0) {
		trp_bus_open(&bus, &address, &no_calls, NULL);
		address.kind->connect(bus);
		raise(SIGKILL);
	}
	cr_assert(waitpid(pid, &status, 0) == pid);
	cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

Test(local, the_socket_of_a_dead_process_is_removed)
{
	const char *in = make_folder();
	struct election election;
	char urls[3][128], path[128];

	local_urls(urls, in);
	snprintf(path, sizeof(path), "%s/mesh", in);
	leave_a_dead_socket(urls[0]);
	cr_assert(sockets_in(path) == 1);
	begin_local(&election, urls);
	election_run(&election, is_settled, "three agree");
	cr_assert(sockets_in(path) == 3);
	election_end(&election);
	cr_assert(access(path, F_OK) < 0, "the last one has left the folder");
	drop_folder();
}

Test(local, a_folder_that_is_removed_is_made_again)
{
	const char *in = make_folder();
	struct election election;
	char urls[3][128], command[160];

	local_urls(urls, in);
	begin_local(&election, urls);
	election_run(&election, is_settled, "three agree");
	snprintf(command, sizeof(command), "rm -r '%s/mesh'", in);
	cr_assert(system(command) == 0);
	election_mark(&election);
	election_run(&election, has_gone_round, "they meet again");
	cr_assert(election.voters[0].comings == 2);
	election_end(&election);
	drop_folder();
}

static int last_error;

static void note_change(void *user, int error)
{
	last_error = error;
}

/* The result for a folder: 0, or why the bus does not come up. */
static int open_at(const char *path)
{
	static const struct trp_bus_calls calls = { .changed = note_change };
	struct trp_bus_address address;
	struct trp_bus *bus;
	char url[128];

	snprintf(url, sizeof(url), "local:%s", path);
	cr_assert(trp_bus_address_parse(url, "test", &address) == 0);
	cr_assert(trp_bus_open(&bus, &address, &calls, NULL) == 0);
	last_error = 1;
	trp_bus_run(bus, (struct trp_time) { 1 });
	cr_assert(bus->is_up == (last_error == 0));
	trp_bus_close(bus);
	return last_error;
}

Test(local, a_folder_that_others_may_enter_is_refused)
{
	const char *in = make_folder();
	char path[128], other[128];

	snprintf(path, sizeof(path), "%s/open", in);
	snprintf(other, sizeof(other), "%s/link", in);
	cr_assert(mkdir(path, 0755) == 0);
	cr_assert(open_at(path) == -EPERM);
	cr_assert(chmod(path, 0700) == 0);
	cr_assert(open_at(path) == 0);
	cr_assert(symlink(path, other) == 0);
	cr_assert(open_at(other) == -ENOTDIR || last_error == -ELOOP);
	drop_folder();
}

Test(local, who_comes_while_the_last_one_leaves_is_up_at_once)
{
	char path[128];
	int i, status, ups = 0;
	pid_t pid;

	snprintf(path, sizeof(path), "%s/mesh", make_folder());
	pid = fork();
	for (i = 0; i < 2000; i++)
		ups += open_at(path) == 0;
	if (pid == 0)
		_exit(ups != 2000);
	cr_assert(waitpid(pid, &status, 0) == pid);
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	cr_assert_eq(ups, 2000, "%d", ups);
	cr_assert(access(path, F_OK) < 0);
	drop_folder();
}

static unsigned count_descriptors(void)
{
	unsigned count = 0;

	for (int fd = 0; fd < 1024; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static int delivered;

static void note_delivery(void *user, const void *payload, size_t length)
{
	delivered++;
}

/* To the only member in that folder. */
static int connect_to_it(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char command[512];
	FILE *list;

	snprintf(command, sizeof(command), "ls -d '%s'/*.bus", path);
	list = popen(command, "r");
	cr_assert(fgets(to.sun_path, sizeof(to.sun_path), list));
	pclose(list);
	to.sun_path[strcspn(to.sun_path, "\n")] = '\0';
	cr_assert(connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0);
	return fd;
}

/* Connects as root, and sends as another user. */
static void say_as_a_stranger(const char *path)
{
	int status, fd = connect_to_it(path);
	pid_t pid;

	pid = fork();
	if (pid == 0)
		_exit(setuid(65534) || send(fd, "x", 1, 0) != 1);
	cr_assert(waitpid(pid, &status, 0) == pid && status == 0);
	cr_assert(send(fd, "x", 1, 0) == 1);
	close(fd);
}

Test(local, what_another_user_says_is_dropped)
{
	static const struct trp_bus_calls calls = { .changed = note_change,
						    .deliver = note_delivery };
	struct trp_bus_address address;
	char url[128];
	struct trp_bus *bus;

	if (getuid() != 0)
		SKIP("root", "only root can speak as another user");
	snprintf(url, sizeof(url), "local:%s", make_folder());
	cr_assert(trp_bus_address_parse(url, "x", &address) == 0);
	cr_assert(trp_bus_open(&bus, &address, &calls, NULL) == 0);
	trp_bus_run(bus, (struct trp_time) { 1 });
	say_as_a_stranger(address.path);
	trp_bus_run(bus, (struct trp_time) { 2 });
	cr_assert(delivered == 1);
	cr_assert(trp_bus_lost(bus) == 1);
	trp_bus_close(bus);
	drop_folder();
}

/* A socket of that name in the folder, where nobody reads. */
static int bystander(const char *path, const char *name)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%.60s/%.40s", path, name);
	cr_assert(bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0);
	return fd;
}

Test(local, what_has_no_name_of_a_member_is_told_nothing)
{
	static const struct trp_bus_calls calls = { .changed = note_change,
						    .deliver = note_delivery };
	static const char *const names[] = {
		".bus", "a.bus.old", "bus", "0123456789012345678901234567.bus"
	};
	enum { COUNT = sizeof(names) / sizeof(names[0]) };
	struct trp_bus_address address;
	int fd[COUNT];
	char url[128], byte, path[256];
	struct trp_bus *bus;

	snprintf(url, sizeof(url), "local:%s", make_folder());
	cr_assert(trp_bus_address_parse(url, "x", &address) == 0);
	cr_assert(trp_bus_open(&bus, &address, &calls, NULL) == 0);
	trp_bus_run(bus, (struct trp_time) { 1 });
	for (int i = 0; i < COUNT; i++)
		fd[i] = bystander(address.path, names[i]);
	cr_assert(trp_bus_send(bus, "x", 1) == 0);
	cr_expect(trp_bus_lost(bus) == 0);
	for (int i = 0; i < COUNT; i++) {
		cr_expect(recv(fd[i], &byte, 1, MSG_DONTWAIT) < 0, "%s",
			  names[i]);
		close(fd[i]);
		snprintf(path, sizeof(path), "%.60s/%s", address.path,
			 names[i]);
		unlink(path);
	}
	trp_bus_close(bus);
	drop_folder();
}

/* The errno of before has nothing to do with it. */
Test(local, an_empty_message_is_none_and_no_error)
{
	static const struct trp_bus_calls calls = { .changed = note_change,
						    .deliver = note_delivery };
	struct trp_bus_address address;
	char url[128];
	struct trp_bus *bus;
	int fd;

	snprintf(url, sizeof(url), "local:%s", make_folder());
	cr_assert(trp_bus_address_parse(url, "x", &address) == 0);
	cr_assert(trp_bus_open(&bus, &address, &calls, NULL) == 0);
	trp_bus_run(bus, (struct trp_time) { 1 });
	fd = connect_to_it(address.path);
	cr_assert(send(fd, "", 0, 0) == 0 && send(fd, "x", 1, 0) == 1);
	close(fd);
	errno = EBADF;
	trp_bus_run(bus, (struct trp_time) { 2 });
	cr_expect(bus->is_up);
	cr_expect(delivered == 1);
	cr_expect(trp_bus_lost(bus) == 0);
	trp_bus_close(bus);
	drop_folder();
}

Test(local, a_send_leaves_no_descriptor)
{
	static const struct trp_bus_calls calls = { .changed = note_change,
						    .deliver = note_delivery };
	struct trp_bus_address address;
	unsigned before;
	char url[128];
	struct trp_bus *bus;

	snprintf(url, sizeof(url), "local:%s", make_folder());
	cr_assert(trp_bus_address_parse(url, "x", &address) == 0);
	cr_assert(trp_bus_open(&bus, &address, &calls, NULL) == 0);
	trp_bus_run(bus, (struct trp_time) { 1 });
	before = count_descriptors();
	for (int i = 0; i < 10; i++)
		cr_assert(trp_bus_send(bus, "x", 1) == 0);
	cr_expect_eq(count_descriptors(), before);
	trp_bus_run(bus, (struct trp_time) { 2 });
	cr_expect(delivered > 0);
	cr_expect_eq(count_descriptors(), before);
	trp_bus_close(bus);
	drop_folder();
}

/* ---- MQTT --------------------------------------------------------------- */

#if defined(HAVE_LIBMOSQUITTO) || defined(HAVE_MSGPACK)
static bool is_refused(const struct election *election)
{
	return election->voters[0].bus_error == -EACCES;
}
#endif

static bool is_nobody_there(const struct election *election)
{
	return election->voters[0].bus_error == -ECONNREFUSED;
}

static void begin_at(struct election *election, const char *scheme, int port,
		     const char *more)
{
	char url[512];
	const char *const urls[] = { url, url, url };

	snprintf(url, sizeof(url), "%s127.0.0.1:%d/test/beacon%s", scheme, port,
		 more);
	election_begin(election, "msgpack", QUICK_S, urls, 3);
}

static void elect_by(const struct broker *broker)
{
	struct election election;
	char scheme[16];
	const char *in;
	int port;
	pid_t pid;

	need_broker(broker);
	in = make_folder();
	port = free_port();
	snprintf(scheme, sizeof(scheme), "%s://", broker->kind);
	begin_at(&election, scheme, port, "");
	/* It is not there yet: they wait for it. */
	election_run(&election, is_nobody_there, "no broker");
	pid = broker->start(in, port, broker->open);
	elect(&election);
	say_garbage(&election);
	stop_server(pid, SIGKILL);
	election_run(&election, are_all_down, "the broker is dead");
	cr_assert(trp_bus_send(election.voters[0].bus, "x", 1) == -ENOTCONN);
	pid = broker->start(in, port, broker->open);
	election_run(&election, are_all_up, "the broker is back");
	election_mark(&election);
	election_run(&election, has_gone_round, "they go on");
	kill_one(&election);
	election_end(&election);
	stop_server(pid, SIGTERM);
	drop_folder();
}

Test(nats, three_elect_one_dies_and_the_server_is_restarted)
{
	elect_by(&nats_broker);
}

#ifdef HAVE_LIBMOSQUITTO
Test(mqtt, three_elect_one_dies_and_the_broker_is_restarted)
{
	elect_by(&mosquitto_broker);
}

Test(mqtt, user_and_password_are_asked_for)
{
	char command[256], more[256];
	struct election election;
	const char *in;
	int port;
	pid_t broker;

	need_program("mosquitto");
	need_program("mosquitto_passwd");
	in = make_folder();
	port = free_port();
	snprintf(command, sizeof(command),
		 "PATH=$PATH:/usr/sbin mosquitto_passwd -b -c '%s/pw' me 's@e'",
		 in);
	cr_assert(system(command) == 0);
	snprintf(more, sizeof(more),
		 "allow_anonymous false\npassword_file %s/pw\n", in);
	broker = start_mosquitto(in, port, more);

	begin_at(&election, "mqtt://me:wrong@", port, "");
	election_run(&election, is_refused, "refused");
	cr_assert(election.voters[0].comings == 0);
	election_end(&election);

	begin_at(&election, "mqtt://me:s%40e@", port, "");
	elect(&election);
	election_end(&election);
	stop_server(broker, SIGTERM);
	drop_folder();
}

Test(mqtt, over_tls)
{
	char command[512], more[512], option[256];
	struct election election;
	const char *in;
	int port;
	pid_t broker;

	need_program("mosquitto");
	need_program("openssl");
	in = make_folder();
	port = free_port();
	snprintf(command, sizeof(command),
		 "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "
		 "/CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 -keyout "
		 "'%s/key' -out '%s/cert' 2>/dev/null",
		 in, in);
	cr_assert(system(command) == 0);
	snprintf(more, sizeof(more),
		 "allow_anonymous true\ncertfile %s/cert\nkeyfile %s/key\n", in,
		 in);
	broker = start_mosquitto(in, port, more);
	snprintf(option, sizeof(option), "?ca=%s/cert", in);
	begin_at(&election, "mqtts://", port, option);
	elect(&election);
	election_end(&election);
	stop_server(broker, SIGTERM);
	drop_folder();
}
#endif

/* ---- Serf --------------------------------------------------------------- */

#ifdef HAVE_MSGPACK
static void start_agents(struct agents *agents, const char *in)
{
	int i;

	for (i = 0; i < 2; i++) {
		agents->gossip[i] = free_port();
		agents->rpc[i] = free_port();
	}
	for (i = 0; i < 2; i++)
		agents->pid[i] = start_agent(agents, i, in);
}

static void begin_serf(struct election *election, const struct agents *agents,
		       const char *key)
{
	char urls[3][128];
	const char *const list[] = { urls[0], urls[1], urls[2] };
	int i;

	for (i = 0; i < 3; i++)
		snprintf(urls[i], sizeof(urls[i]),
			 "serf://:%s@127.0.0.1:%d/test/beacon", key,
			 agents->rpc[i % 2]);
	election_begin(election, "msgpack", GOSSIP_S, list, 3);
}

Test(serf, three_elect_over_two_agents_one_of_which_is_restarted)
{
	struct election election;
	struct agents agents;
	const char *in;

	need_program("serf");
	in = make_folder();
	start_agents(&agents, in);
	begin_serf(&election, &agents, "secret");
	elect(&election);
	say_garbage(&election);
	stop_server(agents.pid[1], SIGKILL);
	agents.pid[1] = start_agent(&agents, 1, in);
	election_mark(&election);
	election_run(&election, has_gone_round, "they go on");
	cr_assert(election.voters[1].comings == 2);
	kill_one(&election);
	election_end(&election);
	stop_server(agents.pid[0], SIGKILL);
	stop_server(agents.pid[1], SIGKILL);
	drop_folder();
}

Test(serf, a_wrong_key_is_refused)
{
	struct election election;
	struct agents agents;

	need_program("serf");
	start_agents(&agents, make_folder());
	begin_serf(&election, &agents, "wrong");
	election_run(&election, is_refused, "refused");
	cr_assert(election.voters[0].comings == 0);
	election_end(&election);
	stop_server(agents.pid[0], SIGKILL);
	stop_server(agents.pid[1], SIGKILL);
	drop_folder();
}
#endif
