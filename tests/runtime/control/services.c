/* SPDX-License-Identifier: MIT */
/* A node as a service: the protocols of sd_notify(3) and sd_listen_fds(3). */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "tests/runtime/control/node.h"
#include "tests/support/skip.h"

static struct program node;
static char manager_path[64];
static int manager = -1;
static char told[65536]; /* all datagrams, a line each */

static void set_up(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	node_begin();
	snprintf(manager_path, sizeof(manager_path), "/tmp/troupe-notify-%d",
		 (int)getpid());
	strcpy(address.sun_path, manager_path);
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	cr_assert_eq(bind(manager, (const struct sockaddr *)&address,
			  sizeof(address)),
		     0);
	setenv("NOTIFY_SOCKET", manager_path, 1);
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

static void tear_down(void)
{
	close(manager);
	unlink(manager_path);
	node_end();
}

TestSuite(services, .init = set_up, .fini = tear_down);

static const char *porter(void)
{
	return program_built("tests/runtime/control/applications/porter.so");
}

/* Until that has been told so often. */
static void await_told(const char *text, int times)
{
	struct pollfd in = { .fd = manager, .events = POLLIN };

	for (;;) {
		const char *at = told;
		int count = 0;

		while ((at = strstr(at, text))) {
			at += strlen(text);
			count++;
		}
		if (count >= times)
			return;
		cr_assert_eq(poll(&in, 1, PATIENCE_MS), 1,
			     "%s is not told but\n%s", text, told);
		size_t size = strlen(told);
		ssize_t got =
			recv(manager, told + size, sizeof(told) - size - 2, 0);
		cr_assert_gt(got, 0);
		told[size + (size_t)got] = '\n';
		told[size + (size_t)got + 1] = '\0';
	}
}

Test(services, one_is_ready_when_its_root_waits_and_says_that_it_stops)
{
	cr_assert_eq(
		program_troupe(&node, "run", "--node", "a", porter(), NULL), 0);
	await_told("READY=1\n", 1);
	cr_expect(strstr(told, "SETUP=1") &&
			  strstr(told, "SETUP=1") < strstr(told, "READY=1"),
		  "%s", told);
	await_told("STATUS=actors: 1, given up: 0\n", 1);
	cr_expect_null(strstr(told, "WATCHDOG"));
	cr_expect_null(strstr(told, "STOPPING"));
	node_stop(&node, "a");
	await_told("STOPPING=1\n", 1);
}

Test(services, the_watchdog_is_fed)
{
	setenv("WATCHDOG_USEC", "200000", 1);
	cr_assert_eq(
		program_troupe(&node, "run", "--node", "a", porter(), NULL), 0);
	await_told("WATCHDOG=1\n", 3);
	node_stop(&node, "a");
}

Test(services, the_watchdog_of_another_process_is_not)
{
	setenv("WATCHDOG_USEC", "1000", 1);
	setenv("WATCHDOG_PID", "1", 1);
	cr_assert_eq(
		program_troupe(&node, "run", "--node", "a", porter(), NULL), 0);
	await_told("READY=1\n", 1);
	node_stop(&node, "a");
	await_told("STOPPING=1\n", 1);
	cr_expect_null(strstr(told, "WATCHDOG"), "%s", told);
}

Test(services, a_hangup_reloads_and_does_not_end_it)
{
	cr_assert_eq(
		program_troupe(&node, "run", "--node", "a", porter(), NULL), 0);
	await_told("READY=1\n", 1);
	kill(node.pid, SIGHUP);
	await_told("RELOADING=1\nMONOTONIC_USEC=", 1);
	await_told("READY=1\n", 2);
	cr_expect_eq(program_await_output(&node, "reloaded\n", PATIENCE_MS), 0,
		     "%s", node.err);
	node_stop(&node, "a");
}

Test(services, a_root_without_a_handler_survives_a_hangup)
{
	const char *desk =
		program_built("tests/runtime/control/applications/desk.so");

	cr_assert_eq(program_troupe(&node, "run", "--node", "a", desk, NULL),
		     0);
	await_told("READY=1\n", 1);
	kill(node.pid, SIGHUP);
	cr_expect_eq(
		program_await_error(&node, "nothing is reloaded", PATIENCE_MS),
		0, "%s", node.err);
	node_stop(&node, "a");
}

/* ---- sockets ------------------------------------------------------------- */

static int listen_at(in_port_t *ret_port)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	cr_assert_eq(bind(fd, (const struct sockaddr *)&address, size), 0);
	cr_assert_eq(listen(fd, 5), 0);
	cr_assert_eq(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	*ret_port = address.sin_port;
	return fd;
}

/* As systemd does: a shell has the pid that the node will have. */
static void start_with(int fd, const char *names, const char *address)
{
	char line[512], program[4096], application[4096];

	snprintf(line, sizeof(line),
		 "exec 3<&%d; LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=%s "
		 "exec \"$0\" run --node a \"$1\" %s",
		 fd, names, address);
	snprintf(program, sizeof(program), "%s", program_built("bin/troupe"));
	snprintf(application, sizeof(application), "%s", porter());
	const char *const argv[] = { "/bin/bash", "-c",	       line,
				     program,	  application, NULL };
	cr_assert_eq(program_start(&node, argv), 0);
	cr_assert_eq(program_await_output(&node, "ready ", PATIENCE_MS), 0,
		     "%s%s", node.out, node.err);
}

Test(services, a_socket_of_systemd_is_listened_to_by_its_name)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	char text[16] = "";
	int fd = listen_at(&address.sin_port), peer;

	start_with(fd, "door", "systemd:door");
	close(fd);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	peer = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cr_assert_eq(connect(peer, (const struct sockaddr *)&address,
			     sizeof(address)),
		     0);
	cr_expect_eq(recv(peer, text, 8, MSG_WAITALL), 8);
	cr_expect_str_eq(text, "welcome\n");
	close(peer);
	node_stop(&node, "a");
}

Test(services, a_name_that_systemd_did_not_give_is_an_error)
{
	char wanted[32];
	in_port_t port;
	int fd = listen_at(&port);

	snprintf(wanted, sizeof(wanted), "ready %d\n", -ENOENT);
	start_with(fd, "window:door", "systemd:doo");
	close(fd);
	cr_expect_eq(program_await_output(&node, wanted, PATIENCE_MS), 0, "%s",
		     node.out);
	cr_expect_eq(program_finish(&node, PATIENCE_MS), 1);
	program_fini(&node);
}

/* ---- the journal ----------------------------------------------------------
 */

/* Standard error is a file, which JOURNAL_STREAM names if `how` says so. */
static const char *logged_with(const char *how)
{
	static char text[4096];
	char path[] = "/tmp/troupe-journal-XXXXXX", line[1024];
	char program[4096], application[4096];
	const char *const argv[] = { "/bin/bash", "-c",	       line,
				     program,	  application, NULL };
	int fd = mkstemp(path);
	ssize_t size;

	cr_assert_geq(fd, 0);
	snprintf(program, sizeof(program), "%s", program_built("bin/troupe"));
	snprintf(
		application, sizeof(application), "%s",
		program_built("tests/runtime/control/applications/speaker.so"));
	snprintf(line, sizeof(line),
		 "exec 2>>%s; JOURNAL_STREAM=%s exec \"$0\" run --node a "
		 "\"$1\"",
		 path, how);
	cr_assert_eq(program_start(&node, argv), 0);
	cr_assert_eq(program_await_output(&node, "ready\n", PATIENCE_MS), 0);
	node_stop(&node, "a");
	size = pread(fd, text, sizeof(text) - 1, 0);
	cr_assert_gt(size, 0);
	text[size] = '\0';
	close(fd);
	unlink(path);
	return text;
}

Test(services, lines_in_the_journal_begin_with_their_priority)
{
	const char *text = logged_with("$(stat -L -c %d:%i /proc/self/fd/2)");

	cr_expect(strncmp(text, "<6>/other[", 10) == 0, "%s", text);
}

Test(services, a_journal_elsewhere_changes_no_line)
{
	const char *text = logged_with("1:2");

	cr_expect(strstr(text, " info /other["), "%s", text);
	cr_expect_null(strstr(text, "<6>"), "%s", text);
}

/* ---- the unit ------------------------------------------------------------ */

Test(services, the_example_unit_is_one_that_systemd_takes)
{
	char folder_of_unit[] = "/tmp/troupe-unit-XXXXXX", line[8192];
	char program[4096];
	const char *const argv[] = { "/bin/sh", "-c", line, NULL };
	struct program verify;

	cr_assert(realpath(program_built("bin/troupe"), program));
	*strrchr(program, '/') = '\0';
	cr_assert(mkdtemp(folder_of_unit));
	snprintf(line, sizeof(line),
		 "command -v systemd-analyze >/dev/null || exit 77\n"
		 "sed 's|@BINDIR@|%s|;s|@LIBDIR@|/usr/lib|g' "
		 "'runtime/service/troupe@.service.in' >%s/troupe@.service\n"
		 "systemd-analyze verify --man=no %s/troupe@shop.service\n"
		 "r=$?; rm -rf %s; exit $r",
		 program, folder_of_unit, folder_of_unit, folder_of_unit);
	cr_assert_eq(program_start(&verify, argv), 0);
	switch (program_finish(&verify, PATIENCE_MS)) {
	case 77:
		rmdir(folder_of_unit);
		SKIP("systemd", "systemd-analyze is not installed");
		break;
	case 0:
		cr_expect_str_eq(verify.err, "");
		break;
	default:
		cr_expect_fail("%s", verify.err);
		break;
	}
	program_fini(&verify);
}
