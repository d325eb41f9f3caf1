/* SPDX-License-Identifier: MIT */
/*
 * A machine without the client libraries that troupe was built with: empty
 * files stand before them in the path of the loader.
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libraries.h"
#include "tests/support/program.h"

enum { PATIENCE_MS = 60000 };

static const char *const files[] = { LIBRARY_JANSSON, LIBRARY_LIBCBOR,
				     LIBRARY_MSGPACK, LIBRARY_LIBMOSQUITTO,
				     LIBRARY_INIH,    LIBRARY_HIREDIS };
enum { FILES = sizeof(files) / sizeof(files[0]) };

static char folder[] = "/tmp/troupe-absent-XXXXXX";

static void hide(const char *file)
{
	char path[128];
	int fd;

	if (!*file)
		return;
	snprintf(path, sizeof(path), "%s/%s", folder, file);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	cr_assert_geq(fd, 0);
	close(fd);
}

static void begin(void)
{
	cr_assert_not_null(mkdtemp(folder));
	setenv("LD_LIBRARY_PATH", folder, 1);
}

static void show_all(void)
{
	char path[128];

	for (size_t i = 0; i < FILES; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, files[i]);
		if (*files[i])
			unlink(path);
	}
	rmdir(folder);
}

TestSuite(absent, .init = begin, .fini = show_all, .timeout = 120);

Test(absent, libraries_are_not_needed_by_a_node)
{
	struct program p;

	for (size_t i = 0; i < FILES; i++)
		hide(files[i]);
	cr_assert_eq(program_troupe(&p, "run",
				    program_built("examples/hello.so"), NULL),
		     0);
	cr_expect_eq(program_finish(&p, PATIENCE_MS), 0, "%s", p.err);
	cr_expect_eq(program_leftovers(&p, 0), 0);
	program_fini(&p);
}

Test(absent, libraries_are_named_by_the_doctor)
{
	struct program p;

	for (size_t i = 0; i < FILES; i++)
		hide(files[i]);
	cr_assert_eq(program_troupe(&p, "doctor", NULL), 0);
	cr_expect_eq(program_finish(&p, PATIENCE_MS), 0, "%s", p.err);
	for (size_t i = 0; i < FILES; i++) {
		char line[96];

		snprintf(line, sizeof(line), "note  not here       %s\n",
			 files[i]);
		cr_expect_eq(!strstr(p.out, line), !*files[i], "%s: %s",
			     files[i], p.out);
	}
	program_fini(&p);
}

/* It says that, and ends with that exit status; with 0 it is told to. */
static void expect(const char *option, const char *value, const char *said,
		   int status)
{
	struct program p;

	cr_assert_eq(program_troupe(&p, "run", option, value,
				    program_built("examples/mesh.so"), NULL),
		     0);
	cr_expect_eq(program_await_error(&p, said, PATIENCE_MS), 0,
		     "no \"%s\" in: %s", said, p.err);
	if (status == 0)
		kill(p.pid, SIGTERM);
	cr_expect_eq(program_finish(&p, PATIENCE_MS), status, "%s", p.err);
	cr_expect_eq(program_leftovers(&p, 0), 0);
	program_fini(&p);
}

#ifdef HAVE_LIBMOSQUITTO
Test(absent, client_of_a_broker_leaves_the_bus_down)
{
	hide(LIBRARY_LIBMOSQUITTO);
	expect("--beacon", "mqtt://127.0.0.1:1",
	       "its client library is not here", 0);
}
#endif

#ifdef HAVE_LIBCBOR
Test(absent, codec_leaves_the_bus_down)
{
	hide(LIBRARY_LIBCBOR);
	expect("--beacon", "local", "no cbor: " LIBRARY_LIBCBOR, 0);
}
#endif

#ifdef HAVE_INIH
Test(absent, reader_of_a_config_file_is_named)
{
	hide(LIBRARY_INIH);
	expect("--config", "/dev/null", LIBRARY_INIH " cannot be loaded", 2);
}
#endif
