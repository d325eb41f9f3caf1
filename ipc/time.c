/* SPDX-License-Identifier: MIT */
#include "ipc/time.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "ipc/test_clock.h"
#include "ipc/tick_clock.h"

/*
 * Clones inherit the state.  A thread of an application that calls the library
 * has its own clock.
 */
static _Thread_local struct {
	struct trp_tick_clock ticks;
	bool is_known; /* whether the kernel trusts the counter */
} reckoning __attribute__((tls_model("initial-exec")));

static int64_t read_kernel(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

#if defined(__x86_64__)
#define COUNTER "tsc\n"
static uint64_t read_ticks(void)
{
	return __builtin_ia32_rdtsc();
}
#elif defined(__aarch64__)
#define COUNTER "arch_sys_counter\n"
static uint64_t read_ticks(void)
{
	uint64_t ticks;

	__asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
	return ticks;
}
#else
#define COUNTER "none"
static uint64_t read_ticks(void)
{
	return 0;
}
#endif

/*
 * The kernel uses the counter only if it runs at one rate, in sleep too, and is
 * equal on all processors; it keeps checking.
 */
static bool kernel_trusts_counter(void)
{
	static const char path[] = "/sys/devices/system/clocksource/"
				   "clocksource0/current_clocksource";
	char name[32] = "";
	int error = errno, file = open(path, O_RDONLY | O_CLOEXEC);

	if (file >= 0 && read(file, name, sizeof(name) - 1) < 0)
		name[0] = '\0';
	if (file >= 0)
		close(file);
	errno = error;
	return strcmp(name, COUNTER) == 0;
}

static __attribute__((noinline)) int64_t synchronise(void)
{
	int64_t before;
	uint64_t ticks;

	/* No window opens, so each reading comes here. */
	if (trp_test_clock_is_used())
		return trp_test_clock_at(read_kernel());
	if (!reckoning.is_known) {
		reckoning.is_known = true;
		if (!kernel_trusts_counter())
			trp_tick_clock_distrust(&reckoning.ticks);
	}
	before = read_kernel();
	if (!trp_tick_clock_is_trusted(&reckoning.ticks))
		return before;
	ticks = read_ticks();
	return trp_tick_clock_sync(&reckoning.ticks, before, ticks,
				   read_kernel());
}

struct trp_time trp_time_now(void)
{
	int64_t ns;

	if (!trp_tick_clock_read(&reckoning.ticks, read_ticks(), &ns))
		ns = synchronise();
	return (struct trp_time) { ns };
}

struct trp_time trp_time_machine(void)
{
	return trp_test_clock_is_used() ? (struct trp_time) { read_kernel() }
					: trp_time_now();
}

void trp_time_use(struct trp_test_clock *clock)
{
	trp_tick_clock_distrust(&reckoning.ticks);
	reckoning.is_known = true;
	trp_test_clock_use(clock);
}

struct timespec trp_time_spec(int64_t ns)
{
	return (struct timespec) { .tv_sec = ns / 1000000000,
				   .tv_nsec = ns % 1000000000 };
}

struct timespec trp_time_left(struct trp_time deadline)
{
	int64_t ns = deadline.ns - trp_time_machine().ns;

	return trp_time_spec(ns > 0 ? ns : 0);
}
