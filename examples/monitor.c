/* SPDX-License-Identifier: MIT */
/*
 * monitor: four actors watch this machine and report to a fifth.
 *
 *	root ---> aggregator ---> cpu, memory, disk, network
 *
 * An arrow is "is the parent of".  A monitor takes a reading whenever it finds
 * a Take in its mailbox, reports it through a proxy of the aggregator, and
 * sends itself the next Take.  After its last round it ends; when all four
 * have ended the aggregator prints a summary and ends, and with it the root.
 * Each is a process, so static variables are an actor's own.
 */
#define _GNU_SOURCE 1
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <termios.h>
#include <unistd.h>
#include <troupe.h>
#include "monitor.pb-c.h"

enum { PERIOD_MS = 500, DEFAULT_ROUNDS = 6, MAX_ROUNDS = 1000000 };

/* ---- the sources --------------------------------------------------------- */

static double percent(double part, double whole)
{
	return whole > 0 ? 100 * part / whole : 0;
}

/* Percent of the processors' time since the call before. */
static int cpu_busy(double *ret_value)
{
	static unsigned long long busy_before, total_before;
	unsigned long long user, nice, system, idle, wait, irq, softirq, steal;
	unsigned long long busy, total;
	FILE *file = fopen("/proc/stat", "re");
	int n;

	if (!file)
		return -errno;
	n = fscanf(file, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &user,
		   &nice, &system, &idle, &wait, &irq, &softirq, &steal);
	fclose(file);
	if (n != 8)
		return -EBADMSG;
	busy = user + nice + system + irq + softirq + steal;
	total = busy + idle + wait;
	*ret_value = percent(busy - busy_before, total - total_before);
	busy_before = busy;
	total_before = total;
	return 0;
}

/* Percent of the memory that is not available. */
static int memory_used(double *ret_value)
{
	unsigned long long total, available;
	FILE *file = fopen("/proc/meminfo", "re");
	int n;

	if (!file)
		return -errno;
	n = fscanf(file, "MemTotal: %llu kB MemFree: %*u kB MemAvailable: %llu",
		   &total, &available);
	fclose(file);
	if (n != 2)
		return -EBADMSG;
	*ret_value = percent(total - available, total);
	return 0;
}

/* Percent of the file system of / that is in use. */
static int disk_used(double *ret_value)
{
	struct statvfs root;

	if (statvfs("/", &root) < 0)
		return -errno;
	*ret_value = percent(root.f_blocks - root.f_bfree, root.f_blocks);
	return 0;
}

/* KiB a second, in and out of all interfaces, since the call before. */
static int network_traffic(double *ret_value)
{
	static struct troupe_time time_before;
	static double bytes_before;
	struct troupe_time now = troupe_now();
	unsigned long long in, out;
	double seconds, bytes = 0;
	char line[512];
	FILE *file = fopen("/proc/net/dev", "re");

	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line,
			   "%*[^:]: %llu %*u %*u %*u %*u %*u %*u %*u %llu", &in,
			   &out) == 2)
			bytes += in + out;
	}
	fclose(file);
	seconds = (now.ns - time_before.ns) / 1e9;
	*ret_value =
		time_before.ns ? (bytes - bytes_before) / 1024 / seconds : 0;
	bytes_before = bytes;
	time_before = now;
	return 0;
}

static const struct source {
	const char *name;
	const char *unit;
	const char *meaning;
	int (*read)(double *ret_value);
} sources[] = {
	{ "cpu", "%", "busy", cpu_busy },
	{ "memory", "%", "used", memory_used },
	{ "disk", "%", "used of /", disk_used },
	{ "network", "KiB/s", "in and out", network_traffic },
};
enum { SOURCES = sizeof(sources) / sizeof(sources[0]) };

/* ---- a monitor ----------------------------------------------------------- */

static const struct source *source;
static Monitor__Reading reading = MONITOR__READING__INIT;
static unsigned rounds_left;
static struct troupe_proxy aggregator;

static int queue_next(struct troupe_timer *unused)
{
	Monitor__Take take = MONITOR__TAKE__INIT;

	return troupe_send(troupe_self(), &take.base);
}

static int take_reading(const struct troupe_message *message)
{
	static struct troupe_timer pause = { .fired = queue_next };
	int r;

	r = source->read(&reading.value);
	if (r < 0)
		return r;
	/* No closure: a one-way call. */
	monitor__aggregator__report(&aggregator.base, &reading, NULL, NULL);
	if (aggregator.error < 0)
		return aggregator.error;
	if (--rounds_left == 0)
		return TROUPE_STOP;
	return troupe_timer_start(&pause, troupe_in_ms(PERIOD_MS), 0);
}

static int monitor_init(const void *arguments)
{
	static struct troupe_timer first = { .fired = queue_next };
	const Monitor__Plan *plan = arguments;
	int r;

	source = &sources[plan->source];
	rounds_left = plan->rounds;
	reading.source = plan->source;
	reading.pid = getpid();
	troupe_proxy_init(&aggregator, troupe_parent(),
			  &monitor__aggregator__descriptor);
	/* Some readings are differences: these start here. */
	r = source->read(&reading.value);
	if (r < 0)
		return r;
	return troupe_timer_start(&first, troupe_in_ms(PERIOD_MS), 0);
}

static const struct troupe_handler monitor_handlers[] = {
	{ &monitor__take__descriptor, take_reading },
	{},
};

static const struct troupe_class monitor = {
	.name = "monitor",
	.init = monitor_init,
	.handlers = monitor_handlers,
};

/* ---- the aggregator ------------------------------------------------------ */

static struct statistics {
	unsigned count;
	double least, sum, most;
} statistics[SOURCES];

static troupe_ref monitors[SOURCES];
static unsigned monitors_alive;

static void aggregator_report(Monitor__Aggregator_Service *service,
			      const Monitor__Reading *got,
			      Monitor__Receipt_Closure unused_reply,
			      void *unused_call)
{
	const struct source *from = &sources[got->source];
	struct statistics *s = &statistics[got->source];

	if (s->count == 0 || got->value < s->least)
		s->least = got->value;
	if (s->count == 0 || got->value > s->most)
		s->most = got->value;
	s->sum += got->value;
	s->count++;
	printf("%-8s process %-8d %10.1f %-5s  %s\n", from->name, got->pid,
	       got->value, from->unit, from->meaning);
}

static void print_summary(void)
{
	printf("\n%-8s %8s %10s %10s %10s\n", "summary", "readings", "least",
	       "mean", "most");
	for (int i = 0; i < SOURCES; i++) {
		const struct statistics *s = &statistics[i];

		printf("%-8s %8u %10.1f %10.1f %10.1f %s\n", sources[i].name,
		       s->count, s->least, s->count ? s->sum / s->count : 0,
		       s->most, sources[i].unit);
	}
}

static int one_less(const struct troupe_end *end)
{
	return --monitors_alive == 0 ? TROUPE_STOP : 0;
}

static int key_pressed(struct troupe_input *input, short events)
{
	char keys[16];
	ssize_t n;

	n = read(input->fd, keys, sizeof(keys));
	if (n < 0 && errno == EAGAIN) /* ^C took it away again */
		return 0;
	if (n <= 0) /* the terminal is gone; the monitors go on */
		troupe_input_remove(input);
	else if (memchr(keys, 'q', n))
		for (int i = 0; i < SOURCES; i++)
			troupe_stop(monitors[i]);
	return 0;
}

/* A description of our own: standard input is shared, and may block. */
static int watch_keyboard(void)
{
	static struct troupe_input keyboard = { .events = POLLIN,
						.ready = key_pressed };

	keyboard.fd = open("/dev/tty", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	return keyboard.fd < 0 ? -errno : troupe_input_add(&keyboard);
}

static bool is_at_terminal(void)
{
	/* In the background, touching the terminal would stop us. */
	return isatty(STDIN_FILENO) && tcgetpgrp(STDIN_FILENO) == getpgrp();
}

static int aggregator_init(const void *arguments)
{
	Monitor__Plan plan = *(const Monitor__Plan *)arguments;
	int r;

	setlinebuf(stdout);
	for (int i = 0; i < SOURCES; i++) {
		plan.source = i;
		r = troupe_spawn(&monitor, &plan.base, &monitors[i]);
		if (r < 0)
			return r;
		monitors_alive++;
	}
	printf("%d monitors, each a process; %u rounds of %d ms%s\n\n", SOURCES,
	       plan.rounds, PERIOD_MS,
	       is_at_terminal() ? "; q ends it sooner" : "");
	return is_at_terminal() ? watch_keyboard() : 0;
}

static const Monitor__Aggregator_Service aggregator_methods =
	MONITOR__AGGREGATOR__INIT(aggregator_);

static const struct troupe_class aggregator_class = {
	.name = "aggregator",
	.init = aggregator_init,
	.service = &aggregator_methods.base,
	.child_stopped = one_less,
	.stop = print_summary,
};

/* ---- the root ------------------------------------------------------------ */

/* Returns whether *ret_before is to be restored. */
static bool read_keys_unbuffered(struct termios *ret_before)
{
	struct termios mode;

	if (!is_at_terminal() || tcgetattr(STDIN_FILENO, &mode) < 0)
		return false;
	*ret_before = mode;
	mode.c_lflag &= ~(ICANON | ECHO); /* ^C goes on to work */
	return tcsetattr(STDIN_FILENO, TCSANOW, &mode) == 0;
}

static int parse(int argc, char **argv, uint32_t *ret_rounds)
{
	char *end;
	long n;

	*ret_rounds = DEFAULT_ROUNDS;
	if (argc == 1)
		return 0;
	if (argc != 3 || strcmp(argv[1], "--rounds") != 0) {
		fputs("monitor: usage: monitor.so [--rounds N]\n", stderr);
		return -EINVAL;
	}
	n = strtol(argv[2], &end, 10);
	if (end == argv[2] || *end || n < 1 || n > MAX_ROUNDS) {
		fprintf(stderr, "monitor: --rounds takes 1 to %d, not \"%s\"\n",
			MAX_ROUNDS, argv[2]);
		return -EINVAL;
	}
	*ret_rounds = n;
	return 0;
}

int troupe_main(int argc, char **argv)
{
	Monitor__Plan plan = MONITOR__PLAN__INIT;
	struct troupe_end end;
	struct termios before;
	bool has_changed_mode;
	troupe_ref ref;
	int r;

	r = parse(argc, argv, &plan.rounds);
	if (r < 0)
		return r;
	/* The root does this, since it outlives actors that might fail. */
	has_changed_mode = read_keys_unbuffered(&before);
	r = troupe_spawn(&aggregator_class, &plan.base, &ref);
	if (r == 0)
		r = troupe_wait(ref, TROUPE_NEVER, &end);
	if (has_changed_mode)
		tcsetattr(STDIN_FILENO, TCSANOW, &before);
	if (r < 0) /* -ECANCELED: told to stop, as by ^C */
		return r == -ECANCELED ? 0 : r;
	return end.reason.cause == TROUPE_NORMAL ? 0 : -ECHILD;
}
