/* SPDX-License-Identifier: MIT */
#include "tests/bench/harness.h"

#include <errno.h>
#include <math.h>
#include <sched.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SHARED_SIZE = 256 << 20 };

struct board *board;
const struct settings *kit_settings;
const struct entry *kit_entry;
static void *shared;

static void *map(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

int kit_prepare(void)
{
	if (!board)
		board = map(sizeof(*board));
	if (!shared)
		shared = map(SHARED_SIZE);
	if (!board || !shared)
		return -ENOMEM;
	memset(board, 0, sizeof(*board));
	/* Releases the pages; the next touch finds zeroes. */
	if (madvise(shared, SHARED_SIZE, MADV_REMOVE) < 0)
		return -errno;
	board->items = 1;
	return 0;
}

int kit_root(int argc, char **argv)
{
	int r;

	bench_start();
	r = kit_entry->bench->root();
	if (!board->stop_ns)
		bench_stop();
	return r;
}

long bench_get(int parameter)
{
	return kit_entry->value[parameter];
}

bool bench_is_smoke(void)
{
	return kit_settings->preset == BENCH_SMOKE;
}

void bench_start(void)
{
	board->start_ns = troupe_now().ns;
}

void bench_stop(void)
{
	board->stop_ns = troupe_now().ns;
}

void bench_start_cpu(void)
{
	board->cpu_ns = watch_cpu_ns(board->top);
	bench_start();
}

void bench_stop_cpu(long count)
{
	int64_t ns;

	bench_stop();
	ns = watch_cpu_ns(board->top) - board->cpu_ns;
	bench_items(count);
	bench_figure("us of cpu", (double)ns / 1e3 / (double)count);
}

void bench_took(int64_t ns)
{
	board->start_ns = troupe_now().ns;
	board->stop_ns = board->start_ns + ns;
}

void bench_items(long count)
{
	board->items = count;
}

void bench_bytes(double count)
{
	board->bytes = count;
}

void bench_figure(const char *name, double value)
{
	for (int i = 0; i < FIGURES; i++) {
		struct figure *figure = &board->figure[i];

		if (figure->name[0] && strcmp(figure->name, name) != 0)
			continue;
		snprintf(figure->name, sizeof(figure->name), "%s", name);
		figure->value = value;
		return;
	}
}

void bench_fail(const char *format, ...)
{
	va_list arguments;

	if (board->failures++ > 0)
		return;
	va_start(arguments, format);
	vsnprintf(board->why, sizeof(board->why), format, arguments);
	va_end(arguments);
	/* It may be output of another program, and goes into JSON and CSV. */
	for (char *c = board->why; *c; c++)
		if (*c < ' ' || *c == 0x7f)
			*c = ' ';
}

void bench_expect(const char *what, long long got, long long expected)
{
	if (got != expected)
		bench_fail("%s: %lld instead of %lld", what, got, expected);
}

void bench_expect_near(const char *what, double got, double expected,
		       double relative)
{
	if (!(fabs(got - expected) <= fabs(expected) * relative))
		bench_fail("%s: %.15g instead of %.15g", what, got, expected);
}

void bench_latency(int64_t ns)
{
	histogram_record(&board->latency, ns);
}

void *bench_shared(void)
{
	return shared;
}

void bench_fill(void *bytes, size_t size, long number)
{
	memset(bytes, (int)number & 255, size);
}

void bench_check(const void *bytes, size_t size, long number)
{
	const unsigned char *at = bytes;
	unsigned char mark = (unsigned char)number;
	uint64_t word, all = 0;
	size_t i;

	for (i = 0; i + sizeof(word) <= size; i += sizeof(word)) {
		memcpy(&word, at + i, sizeof(word));
		all |= word ^ (mark * UINT64_C(0x0101010101010101));
	}
	for (; i < size; i++)
		all |= at[i] ^ mark;
	if (all)
		bench_fail("message %ld is not what was sent", number);
}

/* Those that this program was started on: a container may have few of them. */
static cpu_set_t allowed;

int kit_processors(void)
{
	if (CPU_COUNT(&allowed) == 0)
		sched_getaffinity(0, sizeof(allowed), &allowed);
	return CPU_COUNT(&allowed);
}

void kit_pin(int side)
{
	int which = side % kit_processors();
	cpu_set_t set;

	CPU_ZERO(&set);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &allowed) && which-- == 0)
			CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) < 0)
		bench_fail("cannot be pinned: %s", strerror(errno));
}

void bench_side(int side)
{
	if (kit_settings->pinning == PIN_TWO)
		kit_pin(side);
}

unsigned bench_seed(void)
{
	return kit_settings->seed;
}

bool bench_is_power(long value, long base)
{
	while (value > 1 && value % base == 0)
		value /= base;
	return value == 1;
}

uint32_t bench_random(uint32_t *state)
{
	*state = (*state * 1309 + 13849) & 65535;
	return *state;
}

int bench_expect_room(long processes)
{
	long limit = 0, present = 0;
	FILE *file = fopen("/proc/sys/kernel/pid_max", "re");

	if (!file)
		return 0;
	if (fscanf(file, "%ld", &limit) != 1)
		limit = 0;
	fclose(file);
	file = fopen("/proc/loadavg", "re");
	if (file && fscanf(file, "%*f %*f %*f %*d/%ld", &present) != 1)
		present = 0;
	if (file)
		fclose(file);
	if (limit == 0 || present + processes < limit)
		return 0;
	bench_fail("%ld processes and %ld that there are are more than "
		   "kernel.pid_max, %ld (sysctl -w kernel.pid_max=4194304)",
		   processes, present, limit);
	return -EAGAIN;
}

int bench_child_ended(const struct troupe_end *end)
{
	char text[TROUPE_TEXT_SIZE];

	if (end->reason.cause == TROUPE_NORMAL ||
	    end->reason.cause == TROUPE_SHUTDOWN)
		return 0;
	bench_fail("%s ended: %s", end->name,
		   troupe_reason_text(&end->reason, text, sizeof(text)));
	return -ECHILD;
}

int bench_run_actor(const struct troupe_class *klass,
		    const ProtobufCMessage *arguments)
{
	struct troupe_end end;
	troupe_ref ref;
	int r = troupe_spawn(klass, arguments, &ref);

	if (r == 0)
		r = troupe_wait(ref, TROUPE_NEVER, &end);
	return r < 0 ? r : bench_child_ended(&end);
}

/* Freed by the end of the process. */
struct spawned {
	struct spawned *before;
	troupe_ref refs[];
};
static struct spawned *last_spawned;

int bench_spawn_each(const struct troupe_class *klass, long count,
		     troupe_ref **ret_refs)
{
	Bench__Place place = BENCH__PLACE__INIT;
	struct spawned *spawned = calloc(
		1, sizeof(*spawned) + (size_t)count * sizeof(troupe_ref));
	int r = spawned ? 0 : -ENOMEM;

	place.count = count;
	for (; place.index < count && r == 0; place.index++)
		r = troupe_spawn(klass, &place.base,
				 &spawned->refs[place.index]);
	if (r < 0) {
		free(spawned);
		return r;
	}
	spawned->before = last_spawned;
	last_spawned = spawned;
	*ret_refs = spawned->refs;
	return r;
}

int bench_wait_each(const troupe_ref *refs, long count)
{
	struct troupe_end end;
	int r = 0;

	for (long i = 0; i < count && r == 0; i++) {
		r = troupe_wait(refs[i], TROUPE_NEVER, &end);
		if (r == 0)
			r = bench_child_ended(&end);
	}
	return r;
}

const void *bench_receive(const ProtobufCMessageDescriptor *type,
			  troupe_ref *ret_sender)
{
	const struct troupe_pattern pattern = { .type = type };
	struct troupe_message message;

	if (troupe_receive(&pattern, 1, TROUPE_NEVER, &message) < 0)
		return NULL;
	if (ret_sender)
		*ret_sender = message.sender;
	return message.body;
}

int bench_send(troupe_ref to, const ProtobufCMessage *message)
{
	return troupe_send_wait(to, message, TROUPE_NEVER);
}

/* After a send that found no room: 0, or a negative errno. */
static int take_aside(struct troupe_time deadline)
{
	/* These are never sent, so all mail is put aside. */
	static const struct troupe_pattern nothing = {
		.type = &bench__nothing__descriptor
	};
	struct troupe_message unused;
	int r = troupe_receive(&nothing, 1, deadline, &unused);

	return r == -ETIMEDOUT ? 0 : r;
}

int bench_send_aside(troupe_ref to, const ProtobufCMessage *message)
{
	int r = troupe_send(to, message);

	while (r == -EAGAIN) {
		r = take_aside(TROUPE_POLL);
		if (r < 0)
			return r;
		r = troupe_send_wait(to, message, troupe_in_ms(1));
	}
	return r;
}

int bench_send_attached_aside(troupe_ref to, const ProtobufCMessage *message,
			      const void *bytes, size_t size)
{
	int r;

	while ((r = troupe_send_attached(to, message, bytes, size)) ==
	       -EAGAIN) {
		r = take_aside(troupe_in_ms(1));
		if (r < 0)
			return r;
	}
	return r;
}
