/* SPDX-License-Identifier: MIT */
/* The lines of `troupe doctor`, beside the files and the build they tell of. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/program.h"

enum { PATIENCE_MS = 30000 };

TestSuite(doctor, .timeout = 60);

/* The first line of a file of /proc/sys/kernel; "": there is none. */
static const char *setting(const char *name)
{
	static char text[128];
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/sys/kernel/%s", name);
	file = fopen(path, "re");
	if (!file || !fgets(text, sizeof(text), file))
		text[0] = '\0';
	if (file)
		fclose(file);
	text[strcspn(text, "\n")] = '\0';
	return text;
}

static const char *on_or_off(bool is_on)
{
	return is_on ? "on" : "off";
}

/* Root has what it could set; gdb and perf look at the numbers. */
static bool is_allowed(const char *name, int most)
{
	return atoi(setting(name)) <= most ||
	       (atoi(setting(name)) < 3 && geteuid() == 0);
}

Test(doctor, says_which_tools_may_look_into_an_actor)
{
	char ptrace[64], perf[64];
	struct program p;

	snprintf(ptrace, sizeof(ptrace), "), gdb -p %s, ",
		 on_or_off(is_allowed("yama/ptrace_scope", 0)));
	snprintf(perf, sizeof(perf), ", perf %s\n",
		 on_or_off(*setting("perf_event_paranoid") &&
			   (geteuid() == 0 ||
			    is_allowed("perf_event_paranoid", 2))));
	cr_assert_eq(program_troupe(&p, "doctor", NULL), 0);
	cr_expect_eq(program_finish(&p, PATIENCE_MS), 0, "%s", p.err);
	cr_expect(strstr(p.out, ptrace), "no \"%s\" in: %s", ptrace, p.out);
	cr_expect(strstr(p.out, perf), "no \"%s\" in: %s", perf, p.out);
	program_fini(&p);
}

Test(doctor, names_the_buses_and_codecs_that_were_built)
{
	static const char mesh[] = "buses: local"
#ifdef HAVE_LIBMOSQUITTO
				   " mqtt"
#endif
#ifdef HAVE_MSGPACK
				   " serf"
#endif
#ifdef HAVE_LIBNATS
				   " nats"
#endif
				   "; codecs:"
#ifdef HAVE_LIBCBOR
				   " cbor"
#endif
#ifdef HAVE_MSGPACK
				   " msgpack"
#endif
#if !defined(HAVE_LIBCBOR) && !defined(HAVE_MSGPACK)
				   " none"
#endif
				   "\n";
	struct program p;

	cr_assert_eq(program_troupe(&p, "doctor", NULL), 0);
	cr_expect_eq(program_finish(&p, PATIENCE_MS), 0, "%s", p.err);
	cr_expect(strstr(p.out, mesh), "no \"%s\" in: %s", mesh, p.out);
	program_fini(&p);
}
