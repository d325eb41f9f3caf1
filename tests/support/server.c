/* SPDX-License-Identifier: MIT */
#include "tests/support/server.h"
#include "ipc/bus/kinds.h"
#include "tests/support/skip.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

void need_program(const char *name)
{
	char command[128];

	snprintf(command, sizeof(command),
		 "PATH=$PATH:/usr/sbin command -v %s >/dev/null", name);
	if (system(command) != 0)
		SKIP(name, "%s is not installed", name);
}

int free_port(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	cr_assert(bind(fd, (struct sockaddr *)&address, size) == 0);
	cr_assert(getsockname(fd, (struct sockaddr *)&address, &size) == 0);
	close(fd);
	return ntohs(address.sin_port);
}

static char folder[] = "/tmp/troupe-bus-XX"
		       "XX"
		       "XX";

/* Removes the folder of a test that has failed, crashed or was killed. */
static void sweep_after(int test)
{
	struct pollfd end = { .fd = 3, .events = POLLIN };

	setsid();
	if (dup2(test, 3) == 3 && close_range(4, ~0U, 0) == 0 &&
	    poll(&end, 1, -1) == 1)
		execl("/bin/rm", "rm", "-rf", folder, NULL);
	_exit(1);
}

/* An orphan, so that no test waits for it. */
static void leave_sweeper(void)
{
	int test = (int)syscall(SYS_pidfd_open, getpid(), 0);
	pid_t pid;

	cr_assert(test >= 0);
	fflush(NULL);
	pid = fork();
	cr_assert(pid >= 0);
	if (pid == 0 && fork() == 0)
		sweep_after(test);
	if (pid == 0)
		_exit(0);
	cr_assert(waitpid(pid, NULL, 0) == pid);
	close(test);
}

const char *make_folder(void)
{
	cr_assert(mkdtemp(folder));
	leave_sweeper();
	return folder;
}

const char *test_folder(void)
{
	return folder;
}

void drop_folder(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	cr_assert(system(command) == 0);
}

pid_t start_server(const char *const *argv, const char *log)
{
	pid_t pid = fork();
	int fd;

	cr_assert(pid >= 0);
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	dup2(fd, 1);
	dup2(fd, 2);
	setenv("PATH", "/usr/sbin:/usr/bin:/bin", 1);
	execvp(argv[0], (char *const *)argv);
	_exit(127);
}

void stop_server(pid_t pid, int signal)
{
	int status;

	cr_assert(kill(pid, signal) == 0);
	cr_assert(waitpid(pid, &status, 0) == pid);
}

pid_t start_mosquitto(const char *in, int port, const char *more)
{
	char config[128], log[128];
	const char *const argv[] = { "mosquitto", "-c", config, NULL };
	FILE *file;

	snprintf(config, sizeof(config), "%s/mosquitto.conf", in);
	snprintf(log, sizeof(log), "%s/mosquitto.log", in);
	file = fopen(config, "w");
	cr_assert(file);
	fprintf(file, "listener %d 127.0.0.1\nuser root\n%s", port, more);
	fclose(file);
	return start_server(argv, log);
}

pid_t start_nats(const char *in, int port, const char *more)
{
	char config[128], log[128];
	const char *const argv[] = { "nats-server", "-c", config, NULL };
	FILE *file;

	snprintf(config, sizeof(config), "%s/nats.conf", in);
	snprintf(log, sizeof(log), "%s/nats.log", in);
	file = fopen(config, "w");
	cr_assert(file);
	fprintf(file, "host: 127.0.0.1\nport: %d\n%s", port, more);
	fclose(file);
	return start_server(argv, log);
}

const struct broker mosquitto_broker = { "mqtt", "mosquitto",
					 "allow_anonymous true\n",
					 start_mosquitto };
const struct broker nats_broker = { "nats", "nats-server", "", start_nats };

void need_broker(const struct broker *broker)
{
	if (!trp_bus_kinds_find(broker->kind, strlen(broker->kind)))
		SKIP(broker->program, "its bus was not built");
	need_program(broker->program);
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	cr_assert(file && fputs(text, file) >= 0);
	cr_assert(fclose(file) == 0);
}

pid_t start_agent(const struct agents *agents, int number, const char *in)
{
	char bind[64], rpc[64], join[64], node[16], log[128], config[128];
	const char *const argv[] = { "serf",
				     "agent",
				     "-node",
				     node,
				     "-bind",
				     bind,
				     "-rpc-addr",
				     rpc,
				     "-profile",
				     "local",
				     "-config-file",
				     config,
				     "-retry-interval",
				     "1s",
				     number ? "-retry-join" : NULL,
				     join,
				     NULL };

	snprintf(node, sizeof(node), "agent%d", number);
	snprintf(bind, sizeof(bind), "127.0.0.1:%d", agents->gossip[number]);
	snprintf(rpc, sizeof(rpc), "127.0.0.1:%d", agents->rpc[number]);
	snprintf(join, sizeof(join), "127.0.0.1:%d", agents->gossip[0]);
	snprintf(log, sizeof(log), "%s/agent%d.log", in, number);
	snprintf(config, sizeof(config), "%s/agent.json", in);
	write_file(config, "{\"rpc_auth\": \"secret\"}\n");
	return start_server(argv, log);
}
