/* SPDX-License-Identifier: MIT */
#include "tests/support/netns.h"

#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>
#include "tests/support/server.h"
#include "tests/support/skip.h"

static pid_t hub;

static int run(const char *format, ...) __attribute__((format(printf, 1, 2)));

static int run(const char *format, ...)
{
	char command[512];
	va_list list;

	va_start(list, format);
	vsnprintf(command, sizeof(command), format, list);
	va_end(list);
	return system(command) == 0 ? 0 : -1;
}

void netns_make_hub(void)
{
	need_program("ip");
	need_program("nsenter");
	hub = getpid();
	if (unshare(CLONE_NEWNET) < 0 ||
	    run("ip link set lo up && ip link add br0 type bridge && "
		"ip addr add " NETNS_HUB "/24 dev br0 && "
		"ip link set br0 up") < 0)
		SKIP("netns", "network namespaces are not allowed here");
}

int netns_move_out(int number)
{
	if (unshare(CLONE_NEWNET) < 0)
		return -1;
	return run("ip link set lo up && "
		   "ip link add eth0 type veth peer name v%d netns %d && "
		   "ip addr add 10.99.0.%d/24 dev eth0 && "
		   "ip link set eth0 up && "
		   "nsenter -t %d -n ip link set v%d master br0 up",
		   number, (int)hub, number + 1, (int)hub, number);
}

void netns_cut_off(int number)
{
	cr_assert_eq(run("ip link set v%d down", number), 0);
}

void netns_join(int number)
{
	cr_assert_eq(run("ip link set v%d up", number), 0);
}

void netns_forget(int number)
{
	run("ip link del v%d 2>/dev/null", number); /* or it has gone */
}
