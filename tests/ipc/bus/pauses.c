/* SPDX-License-Identifier: MIT */
/* How long a bus that does not come up rests between attempts. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "ipc/bus/bus.h"
#include "tests/support/server.h"

static int last_error;

static void note_change(void *user, int error)
{
	last_error = error;
}

Test(bus, pauses_between_attempts_double_up_to_15_s)
{
	static const struct trp_bus_calls calls = { .changed = note_change };
	struct trp_time now = { 1 };
	struct trp_bus_address address;
	struct trp_bus *bus;
	int64_t pause_ns = 100000000;
	int i;

	cr_assert(trp_bus_address_parse("local:/proc/nowhere", "x", &address) ==
		  0);
	cr_assert(trp_bus_open(&bus, &address, &calls, NULL) == 0);
	for (i = 0; i < 12; i++) {
		trp_bus_run(bus, now);
		cr_assert(last_error < 0 && !bus->is_up);
		cr_assert(trp_bus_deadline(bus).ns - now.ns == pause_ns);
		now = trp_bus_deadline(bus);
		pause_ns = pause_ns < 7500000000 ? 2 * pause_ns : 15000000000;
	}
	trp_bus_close(bus);
}

/* A pause that the last failure left is not the first of the next one. */
Test(bus, pauses_begin_anew_once_it_was_up)
{
	static const struct trp_bus_calls calls = { .changed = note_change };
	const int64_t first_ns = 100000000;
	struct trp_time now = { 1 };
	struct trp_bus_address address;
	struct trp_bus *bus;
	char url[160], path[128], command[160];
	int i;

	snprintf(path, sizeof(path), "%s/mesh", make_folder());
	snprintf(url, sizeof(url), "local:%s", path);
	cr_assert(mkdir(path, 0755) == 0); /* others may enter it */
	cr_assert(trp_bus_address_parse(url, "x", &address) == 0);
	cr_assert(trp_bus_open(&bus, &address, &calls, NULL) == 0);
	for (i = 0; i < 4; i++) {
		trp_bus_run(bus, now);
		cr_assert(last_error == -EPERM);
		now = trp_bus_deadline(bus);
	}
	cr_assert(chmod(path, 0700) == 0);
	trp_bus_run(bus, now);
	cr_assert(last_error == 0 && bus->is_up);
	snprintf(command, sizeof(command), "rm '%s'/*.bus", path);
	cr_assert(system(command) == 0);
	cr_assert(trp_bus_send(bus, "x", 1) == -ENOTCONN);
	trp_bus_run(bus, now);
	cr_assert(last_error == -ENOTCONN && !bus->is_up);
	cr_assert(trp_bus_deadline(bus).ns - now.ns == first_ns);
	trp_bus_close(bus);
	drop_folder();
}
