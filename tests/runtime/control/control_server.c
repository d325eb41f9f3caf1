/* SPDX-License-Identifier: MIT */
/* The control socket: access, and the limits of refused clients. */
#include "tests/runtime/control/node.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include "ipc/runtime_dir.h"
#include "runtime/supervisor/control_server.h"
#include "runtime/control/control.pb-c.h"
#include "tests/support/skip.h"

TestSuite(gate, .init = node_begin, .fini = node_end);

static int enter(const char *node)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct timeval patience = { PATIENCE_MS / 1000, 0 };

	cr_assert_geq(fd, 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	snprintf(address.sun_path, sizeof(address.sun_path), "%.60s/%s.sock",
		 folder, node);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		close(fd);
		return -errno;
	}
	return fd;
}

static bool is_dropped(int fd)
{
	char bytes[256];
	ssize_t size;

	do {
		size = recv(fd, bytes, sizeof(bytes), 0);
	} while (size > 0 || (size < 0 && errno == ECONNRESET));
	return size == 0;
}

Test(gate, ps_shows_each_actor_its_names_and_whose_child_it_is)
{
	struct program node;
	struct troupe_value *ps;
	const struct troupe_value *doubler;

	node_start(&node, "a", NULL);
	ps = node_ps("a");
	cr_assert_eq(troupe_value_count(troupe_value_get(ps, "actors")), 3);
	doubler = node_find(ps, "doubler");
	cr_assert(doubler);
	cr_expect_str_eq(
		troupe_value_to_text(troupe_value_get(doubler, "address"), ""),
		"/doubler");
	cr_expect_str_eq(
		troupe_value_to_text(
			troupe_value_at(troupe_value_get(doubler, "names"), 0),
			""),
		"doubler");
	cr_expect_str_eq(
		troupe_value_to_text(troupe_value_get(doubler, "state"), ""),
		"running");
	cr_expect_eq(program_parent_of((pid_t)troupe_value_to_int(
			     troupe_value_get(doubler, "pid"), 0)),
		     node.pid);
	cr_expect_gt(troupe_value_to_int(troupe_value_get(doubler, "rss"), 0),
		     0);
	troupe_value_free(ps);
	node_stop(&node, "a");
}

Test(gate, the_only_node_needs_no_name_and_two_do)
{
	struct program a, b, ps;

	node_start(&a, "a", NULL);
	cr_expect_eq(troupe(&ps, "ps", NULL), 0);
	cr_expect(strstr(ps.out, " /doubler"), "%s", ps.out);
	program_fini(&ps);
	node_start(&b, "b", NULL);
	cr_expect_eq(troupe(&ps, "ps", NULL), 2);
	cr_expect(strstr(ps.err, " a") && strstr(ps.err, " b"), "%s", ps.err);
	program_fini(&ps);
	node_stop(&b, "b");
	node_stop(&a, "a");
	cr_expect_eq(troupe(&ps, "ps", NULL), 1);
	cr_expect(strstr(ps.err, "no node"), "%s", ps.err);
	program_fini(&ps);
}

Test(gate, a_name_in_use_is_refused_and_its_holder_goes_on)
{
	struct program first, second;
	char host[4096];

	node_start(&first, "a", NULL);
	snprintf(host, sizeof(host), "%s",
		 program_built("tests/runtime/control/applications/host.so"));
	cr_expect_eq(troupe(&second, "run", "--node", "a", host, NULL), 2);
	cr_expect(strstr(second.err, "a node called a is running"), "%s",
		  second.err);
	cr_expect_str_eq(second.out, "", "no actor has run");
	program_fini(&second);
	cr_expect_eq(node_count("a"), 3);
	node_stop(&first, "a");
}

Test(gate, names_of_killed_nodes_are_taken_over_and_swept)
{
	struct program a, b;
	char path[128];

	node_start(&a, "a", NULL);
	node_start(&b, "b", NULL);
	node_kill(&b);
	node_kill(&a);
	snprintf(path, sizeof(path), "%s/b.sock", folder);
	cr_assert_eq(access(path, F_OK), 0, "a killed one leaves its name");
	node_start(&a, "a", NULL);
	cr_expect(access(path, F_OK) < 0, "swept by the next to start");
	cr_expect_eq(node_count("a"), 3);
	node_stop(&a, "a");
}

Test(gate, hostile_bytes_are_dropped_with_their_connection)
{
	static unsigned char bytes[TRP_PROTOCOL_MAX];
	unsigned seed;
	struct program node;

	cr_assert_eq(getrandom(&seed, sizeof(seed), 0), sizeof(seed));
	printf("seed %u\n", seed);
	srand(seed);
	node_start(&node, "a", NULL);
	for (int i = 0; i < 300; i++) {
		int fd = enter("a");
		/* Shorter than a type, so no request at all; or a known type
		 * with an invalid body. */
		size_t size = (size_t)rand() % 8;

		cr_assert_geq(fd, 0);
		for (size_t k = 0; k < sizeof(bytes); k++)
			bytes[k] = (unsigned char)rand();
		if (i % 3 == 1) {
			Troupe__Guest__List list = TROUPE__GUEST__LIST__INIT;

			trp_protocol_pack(&list.base, bytes);
			memset(bytes + 8, 0xff, 8 + (size_t)rand() % 100);
			size = 16;
		}
		send(fd, bytes, size, MSG_NOSIGNAL);
		cr_assert(is_dropped(fd), "case %d, %zu bytes", i, size);
		close(fd);
	}
	cr_expect_eq(node_count("a"), 3);
	node_stop(&node, "a");
}

Test(gate, descriptors_and_early_words_are_dropped_too)
{
	Troupe__Guest__List list = TROUPE__GUEST__LIST__INIT;
	unsigned char bytes[64];
	struct program node;
	int fd, both[2];

	node_start(&node, "a", "600");
	trp_protocol_pack(&list.base, bytes);
	cr_assert_eq(pipe2(both, O_CLOEXEC), 0);
	fd = enter("a");
	cr_assert_eq(trp_protocol_send(fd, bytes, trp_protocol_size(&list.base),
				       both, 2),
		     0);
	cr_expect(is_dropped(fd));
	close(fd);
	/* The next request comes too early, unless the answer was faster. */
	fd = enter("a");
	for (int i = 0; i < 2; i++)
		trp_protocol_send(fd, bytes, trp_protocol_size(&list.base),
				  NULL, 0);
	shutdown(fd, SHUT_WR);
	cr_expect(is_dropped(fd));
	close(fd);
	close(both[0]);
	close(both[1]);
	cr_expect_eq(node_count("a"), 603);
	node_stop(&node, "a");
}

Test(gate, a_request_that_is_not_known_is_answered)
{
	static struct trp_client visit;
	Troupe__Guest__Actor actor = TROUPE__GUEST__ACTOR__INIT;
	const ProtobufCMessage *item;
	struct program node;

	node_start(&node, "a", NULL);
	cr_assert_eq(trp_client_open(&visit, "a"), 0);
	cr_expect_eq(trp_client_get(&visit, &actor.base,
				    &troupe__guest__node__descriptor, &item),
		     -ENOSYS);
	cr_expect(strstr(visit.why, "version"), "%s", visit.why);
	trp_client_close(&visit);
	node_stop(&node, "a");
}

/* As a thousand of them would: the node is seen and stopped all the same. */
Test(gate, those_who_ask_nothing_keep_nobody_out)
{
	int fd[TRP_CONTROL_SESSIONS];
	struct program node, ps;

	node_start(&node, "a", NULL);
	for (int i = 0; i < TRP_CONTROL_SESSIONS; i++)
		cr_assert_geq(fd[i] = enter("a"), 0);
	cr_expect_eq(troupe(&ps, "ps", NULL), 0, "%s", ps.err);
	program_fini(&ps);
	cr_expect_eq(troupe(&ps, "ask", "doubler", "Twice", NULL), 0, "%s",
		     ps.err);
	program_fini(&ps);
	node_stop(&node, "a");
	for (int i = 0; i < TRP_CONTROL_SESSIONS; i++)
		close(fd[i]);
}

/* Each of them asks for a list, and reads nothing of it. */
Test(gate, one_too_many_is_told_so)
{
	static struct trp_client visit;
	Troupe__Guest__Hello hello = TROUPE__GUEST__HELLO__INIT;
	Troupe__Guest__List list = TROUPE__GUEST__LIST__INIT;
	int fd[TRP_CONTROL_SESSIONS];
	const ProtobufCMessage *item;
	unsigned char bytes[64];
	struct program node;

	node_start(&node, "a", "600");
	trp_protocol_pack(&list.base, bytes);
	for (int i = 0; i < TRP_CONTROL_SESSIONS; i++) {
		cr_assert_geq(fd[i] = enter("a"), 0);
		send(fd[i], bytes, trp_protocol_size(&list.base), MSG_NOSIGNAL);
	}
	for (int i = 0; i < TRP_CONTROL_SESSIONS; i++)
		cr_assert_gt(recv(fd[i], bytes, 1, MSG_PEEK), 0);
	cr_assert_eq(trp_client_open(&visit, "a"), 0);
	cr_expect_eq(trp_client_get(&visit, &hello.base,
				    &troupe__guest__node__descriptor, &item),
		     -EUSERS, "%s", visit.why);
	trp_client_close(&visit);
	for (int i = 0; i < TRP_CONTROL_SESSIONS; i++)
		close(fd[i]);
	while (trp_client_open(&visit, "a") == 0 &&
	       trp_client_get(&visit, &hello.base,
			      &troupe__guest__node__descriptor,
			      &item) == -EUSERS)
		trp_client_close(&visit);
	trp_client_close(&visit);
	cr_expect_eq(node_count("a"), 603);
	node_stop(&node, "a");
}

Test(gate, a_reader_that_stands_still_gets_all_of_it_later)
{
	static struct trp_client visit;
	Troupe__Guest__List list = TROUPE__GUEST__LIST__INIT;
	const ProtobufCMessage *item;
	struct program node;
	size_t count = 0;
	int r;

	node_start(&node, "a", "600");
	cr_assert_eq(trp_client_open(&visit, "a"), 0);
	cr_assert_eq(trp_client_ask(&visit, &list.base), 0);
	/* Others are served meanwhile. */
	for (int i = 0; i < 10; i++)
		cr_assert_eq(node_count("a"), 603);
	while ((r = trp_client_next(&visit, &troupe__guest__actor__descriptor,
				    0, &item)) == 1)
		count++;
	cr_expect_eq(r, 0, "%s", visit.why);
	cr_expect_eq(count, 603);
	trp_client_close(&visit);
	node_stop(&node, "a");
}

/* SIGKILL to each idle one; the supervisor writes a line of each. */
static void kill_idlers(const char *name)
{
	static struct trp_client visit;
	Troupe__Guest__List list = TROUPE__GUEST__LIST__INIT;
	const Troupe__Guest__Actor *actor;
	const ProtobufCMessage *item;

	cr_assert_eq(trp_client_open(&visit, name), 0);
	cr_assert_eq(trp_client_ask(&visit, &list.base), 0);
	while (trp_client_next(&visit, &troupe__guest__actor__descriptor, 0,
			       &item) == 1) {
		actor = (const void *)item;
		if (actor->pid && strcmp(actor->label, "idle") == 0)
			kill(actor->pid, SIGKILL);
	}
	trp_client_close(&visit);
}

Test(gate, a_log_that_nobody_reads_keeps_nobody_and_what_is_lost_is_counted)
{
	char page[4096];
	struct program node;

	node_start(&node, "a", "200");
	/* One page holds 60 of the lines. */
	cr_assert_gt(fcntl(node.errors, F_SETPIPE_SZ, sizeof(page)), 0);
	while (node_count("a") > 3)
		kill_idlers("a");
	cr_assert_gt(read(node.errors, page, sizeof(page)), 0);
	kill(node.pid, SIGTERM);
	cr_expect_eq(program_finish(&node, PATIENCE_MS), 0);
	cr_expect(strstr(node.err, "lines are lost, as nobody read them"), "%s",
		  node.err);
	program_fini(&node);
}

/* 0: accepted; 1: refused by the folder; 2: by the supervisor. */
static int try_as_nobody(void)
{
	Troupe__Guest__Hello hello = TROUPE__GUEST__HELLO__INIT;
	unsigned char bytes[64];
	int fd;

	if (setgid(65534) < 0 || setuid(65534) < 0)
		return 9;
	fd = enter("a");
	if (fd < 0)
		return fd == -EACCES ? 1 : 9;
	trp_protocol_pack(&hello.base, bytes);
	trp_protocol_send(fd, bytes, trp_protocol_size(&hello.base), NULL, 0);
	return is_dropped(fd) && recv(fd, bytes, 1, 0) == 0 ? 2 : 0;
}

static int as_nobody(void)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0)
		_exit(try_as_nobody());
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

Test(gate, a_stranger_of_another_user_is_refused)
{
	struct program node;
	char path[128], *end;

	if (geteuid() != 0) {
		node_end(); /* Criterion does not, after this */
		SKIP("root", "needs root to become another user");
	}
	node_start(&node, "a", NULL);
	cr_expect_eq(as_nobody(), 1, "the folder is closed to others");
	/* And if it were not: */
	snprintf(path, sizeof(path), "%s/a.sock", folder);
	cr_assert_eq(chmod(path, 0777), 0);
	cr_assert_eq(chmod(folder, 0755), 0);
	end = strrchr(folder, '/');
	*end = '\0';
	cr_assert_eq(chmod(folder, 0755), 0);
	*end = '/';
	cr_expect_eq(as_nobody(), 2, "the kernel says who it is");
	chmod(folder, 0700);
	cr_expect_eq(node_count("a"), 3);
	node_stop(&node, "a");
}

/* Of /proc/PID, without what follows its first end. */
static void read_proc(const struct troupe_value *actor, const char *name,
		      char ret_text[256])
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/%s",
		 (int)troupe_value_to_int(troupe_value_get(actor, "pid"), 0),
		 name);
	file = fopen(path, "re");
	cr_assert(file);
	ret_text[fread(ret_text, 1, 255, file)] = '\0';
	fclose(file);
}

Test(gate, tools_of_the_system_show_who_is_who)
{
	struct troupe_value *ps;
	struct program node;
	unsigned size;
	char text[256];

	node_start(&node, "a", NULL);
	ps = node_ps("a");
	read_proc(node_find(ps, "doubler"), "comm", text);
	cr_expect_str_eq(text, "doubler\n");
	read_proc(node_find(ps, "doubler"), "cmdline", text);
	if (prctl(PR_SET_MM, PR_SET_MM_MAP_SIZE, &size, 0, 0) == 0)
		cr_expect_str_eq(text, "troupe host.so: /doubler");
	read_proc(node_find(ps, "echo"), "cmdline", text);
	if (prctl(PR_SET_MM, PR_SET_MM_MAP_SIZE, &size, 0, 0) == 0)
		cr_expect_str_eq(text, "troupe host.so: /echo");
	troupe_value_free(ps);
	node_stop(&node, "a");
}

static void start_as(unsigned user, struct program *p, const char *host)
{
	char path[4096], uid[32], gid[32];
	const char *const argv[] = { "/usr/bin/env",
				     "setpriv",
				     uid,
				     gid,
				     "--clear-groups",
				     path,
				     "run",
				     "--node",
				     "a",
				     host,
				     NULL };

	snprintf(uid, sizeof(uid), "--reuid=%u", user);
	snprintf(gid, sizeof(gid), "--regid=%u", user);
	snprintf(path, sizeof(path), "%s", program_built("bin/troupe"));
	*p = (struct program) { 0 };
	cr_assert_eq(program_start(p, argv), 0);
	if (program_await_output(p, "ready\n", PATIENCE_MS) == 0)
		return;
	program_fini(p);
	node_end(); /* Criterion does not, after this */
	SKIP("nobody", "another user cannot run what is built here");
}

static void look_as_root(struct program *node)
{
	struct program p;

	cr_expect_eq(troupe(&p, "ps", NULL), 0, "%s", p.err);
	cr_expect(strstr(p.out, "/doubler"), "%s", p.out);
	program_fini(&p);
	cr_expect_eq(troupe(&p, "beacon", NULL), 1);
	cr_expect(strstr(p.err, "mesh"), "%s", p.err);
	program_fini(&p);
	cr_expect_eq(troupe(&p, "ask", "doubler", "Twice", NULL), 1);
	cr_expect(strstr(p.err, "be that user"), "%s", p.err);
	program_fini(&p);
	cr_expect_eq(troupe(&p, "stop", NULL), 0, "%s", p.err);
	program_fini(&p);
	cr_expect_eq(program_finish(node, PATIENCE_MS), 0, "%s", node->err);
	program_fini(node);
}

/* It asks, and runs none of that user's code. */
Test(gate, root_looks_into_a_node_of_another_user)
{
	struct program node;
	char host[4096], home[128];

	snprintf(host, sizeof(host), "%s",
		 program_built("tests/runtime/control/applications/host.so"));
	snprintf(home, sizeof(home), "%.*s", (int)(strlen(folder) - 7), folder);
	if (geteuid() != 0 || access("/usr/bin/setpriv", X_OK) < 0 ||
	    chown(home, 65534, 65534) < 0) {
		node_end();
		SKIP("root", "needs root to become another user");
	}
	start_as(65534, &node, host);
	look_as_root(&node);
}

/* One without a session: its nodes are in /tmp. */
Test(gate, root_looks_into_a_node_of_a_user_who_has_no_folder)
{
	unsigned user = 61000 + (unsigned)getpid() % 4000;
	char host[4096], run[64], their[64];
	struct program node, p;

	snprintf(host, sizeof(host), "%s",
		 program_built("tests/runtime/control/applications/host.so"));
	snprintf(run, sizeof(run), "/run/user/%u", user);
	snprintf(their, sizeof(their), "/tmp/troupe-%u", user);
	if (geteuid() != 0 || access("/usr/bin/setpriv", X_OK) < 0 ||
	    access(run, F_OK) == 0 || access(their, F_OK) == 0) {
		node_end();
		SKIP("root", "needs root to become another user");
	}
	unsetenv("XDG_RUNTIME_DIR");
	start_as(user, &node, host);
	setenv("XDG_RUNTIME_DIR", run, 1);
	look_as_root(&node);
	/* A stranger's folder of that name is not that user's. */
	cr_expect_eq(chown(their, 65534, 65534), 0);
	cr_expect_eq(troupe(&p, "ps", NULL), 1);
	cr_expect(strstr(p.err, "not a private folder"), "%s", p.err);
	program_fini(&p);
	cr_expect_eq(rmdir(their), 0);
	cr_expect_eq(troupe(&p, "ps", NULL), 1);
	cr_expect(strstr(p.err, "no node of yours"), "%s", p.err);
	program_fini(&p);
}

Test(gate, a_folder_that_others_may_enter_is_not_used)
{
	struct program node, ps;
	char host[4096];

	cr_assert_eq(mkdir(folder, 0755), 0);
	snprintf(host, sizeof(host), "%s",
		 program_built("tests/runtime/control/applications/host.so"));
	cr_assert_eq(program_troupe(&node, "run", "--node", "a", host, NULL),
		     0);
	cr_assert_eq(program_await_output(&node, "ready\n", PATIENCE_MS), 0);
	cr_expect_eq(troupe(&ps, "ps", NULL), 1);
	cr_expect(strstr(ps.err, "private"), "%s", ps.err);
	program_fini(&ps);
	kill(node.pid, SIGTERM);
	cr_expect_eq(program_finish(&node, PATIENCE_MS), 0);
	cr_expect(strstr(node.err, "no control socket in ") &&
			  strstr(node.err, folder),
		  "%s", node.err);
	program_fini(&node);
}

static void let_in(const char *label)
{
	Troupe__Guest__Join join = TROUPE__GUEST__JOIN__INIT;
	const ProtobufCMessage *item = NULL;
	static struct trp_client visit;

	join.label = (char *)label;
	cr_assert_eq(trp_client_open(&visit, "a"), 0, "%s", visit.why);
	cr_assert_eq(trp_client_ask(&visit, &join.base), 0);
	cr_assert_eq(trp_client_next(&visit, &troupe__guest__joined__descriptor,
				     2, &item),
		     1);
	while (visit.packet.fds)
		close(visit.packet.fd[--visit.packet.fds]);
}

/* Only a program of its own can send such a label. */
Test(gate, ps_shows_a_strangers_label_without_its_control_characters)
{
	struct program node, ps;

	node_start(&node, "a", NULL);
	let_in("\x1b[2J\nroot\xff");
	cr_expect_eq(troupe(&ps, "ps", NULL), 0);
	cr_expect(strstr(ps.out, "\\x1b[2J\\x0aroot\\xff (guest)\n"), "%s",
		  ps.out);
	program_fini(&ps);
	cr_expect_eq(troupe(&ps, "ps", "--json", NULL), 0);
	cr_expect(strstr(ps.out, "\"\\\\x1b[2J\\\\x0aroot\\\\xff\""), "%s",
		  ps.out);
	program_fini(&ps);
	node_stop(&node, "a");
}

/* As of a word that was pasted. */
Test(gate, a_message_shows_a_wrong_word_without_its_control_characters)
{
	static const char *const commands[] = { "ps",  "stop",	 "run",
						"ask", "doctor", "nonsense" };
	struct program p;

	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		cr_expect_eq(troupe(&p, commands[i], "--\x1b[2J\xff\n", NULL),
			     2);
		cr_expect_not(strpbrk(p.err, "\x1b\xff"), "%s", p.err);
		program_fini(&p);
	}
	cr_expect_eq(troupe(&p, "\x1b[2J", NULL), 2);
	cr_expect(strstr(p.err, "\\x1b[2J"), "%s", p.err);
	program_fini(&p);
}
