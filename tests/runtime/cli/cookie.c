/* SPDX-License-Identifier: MIT */
/* The secret of a mesh: where it may be, and that nobody else sees it. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "runtime/cli/cookie.h"
#include "tests/support/program.h"
#include "tests/support/server.h"
#include "tests/support/skip.h"

enum { PATIENCE_MS = 240000 };

#define COOKIE "an-eagle-a-mouse"

Test(cookie, of_mesh_is_read)
{
	struct trp_mesh_options mesh = { 0 };

	cr_assert(trp_cookie_read_mesh(COOKIE "@broker:1884/harbour", &mesh));
	cr_assert_str_eq(mesh.bus, "mqtt://broker:1884");
	cr_assert_str_eq(mesh.name, "harbour");
	cr_assert_eq(mesh.cookie_length, strlen(COOKIE));
	cr_assert_arr_eq(mesh.cookie, COOKIE, strlen(COOKIE));
	mesh = (struct trp_mesh_options) { 0 };
	cr_assert(trp_cookie_read_mesh("a@b:c/" COOKIE "@[::1]", &mesh));
	cr_assert_str_eq(mesh.bus, "mqtt://[::1]");
	cr_assert_eq(mesh.cookie_length, strlen("a@b:c/" COOKIE));
	cr_assert_str_eq(mesh.name, "");
	mesh = (struct trp_mesh_options) { 0 };
	cr_assert(trp_cookie_read_mesh("harbour", &mesh));
	cr_assert(!mesh.bus[0] && !mesh.cookie_length);
	cr_assert_str_eq(mesh.name, "harbour");
	cr_assert(trp_cookie_read_mesh("broker:1883", &mesh));
	cr_assert(!mesh.cookie_length);
}

Test(cookie, of_mesh_that_is_wrong_is_refused)
{
	static const char *const wrong[] = {
		"",
		"a/b",
		"short@broker",
		"@broker",
		COOKIE "@",
		COOKIE "@broker/",
		COOKIE "@broker/.a",
		COOKIE "@broker/a/b",
		COOKIE "@broker?ca=x",
		COOKIE "@/harbour",
	};
	struct trp_mesh_options mesh = { 0 }, none = { 0 };
	char huge[TRP_COOKIE_MOST + 32];

	memset(huge, 'x', sizeof(huge));
	strcpy(huge + TRP_COOKIE_MOST + 1, "@broker");
	cr_assert(!trp_cookie_read_mesh(huge, &mesh));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		cr_assert(!trp_cookie_read_mesh(wrong[i], &mesh), "%s",
			  wrong[i]);
	cr_assert_eq(memcmp(&mesh, &none, sizeof(mesh)), 0);
}

static const char *file_of(const char *text, mode_t mode)
{
	static char path[120];
	FILE *file;

	snprintf(path, sizeof(path), "%s/cookie", test_folder());
	remove(path);
	file = fopen(path, "w");
	cr_assert(file && fputs(text, file) >= 0 && fclose(file) == 0);
	cr_assert_eq(chmod(path, mode), 0);
	return path;
}

Test(cookie, in_a_file_is_read_if_the_file_is_private)
{
	struct trp_mesh_options mesh = { 0 };

	make_folder();
	cr_assert(!trp_cookie_read_file(file_of(COOKIE, 0640), &mesh));
	cr_assert(!trp_cookie_read_file(file_of(COOKIE, 0604), &mesh));
	cr_assert(!trp_cookie_read_file(file_of("short\n", 0600), &mesh));
	cr_assert(!trp_cookie_read_file("/nowhere", &mesh));
	cr_assert(!trp_cookie_read_file("/dev/zero", &mesh));
	cr_assert(!trp_cookie_read_file(test_folder(), &mesh));
	cr_assert_eq(mesh.cookie_length, 0);
	cr_assert(trp_cookie_read_file(file_of(COOKIE "\r\n", 0600), &mesh));
	cr_assert_eq(mesh.cookie_length, strlen(COOKIE));
	cr_assert_arr_eq(mesh.cookie, COOKIE, strlen(COOKIE));
	drop_folder();
}

Test(cookie, is_made_of_256_bits)
{
	struct program p = { 0 }, q = { 0 };

	cr_assert_eq(program_troupe(&p, "cookie", NULL), 0);
	cr_assert_eq(program_troupe(&q, "cookie", NULL), 0);
	cr_assert_eq(program_finish(&p, PATIENCE_MS), 0);
	cr_assert_eq(program_finish(&q, PATIENCE_MS), 0);
	cr_assert_eq(strlen(p.out), 65);
	cr_assert_eq(strspn(p.out, "0123456789abcdef"), 64);
	cr_assert_str_neq(p.out, q.out);
	program_fini(&p);
	program_fini(&q);
}

/* As ps(1) shows them. */
static void read_arguments(pid_t pid, char *text, size_t size)
{
	char path[40];
	FILE *file;
	size_t length;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	file = fopen(path, "r");
	cr_assert_not_null(file);
	length = fread(text, 1, size - 1, file);
	fclose(file);
	for (size_t i = 0; i < length; i++)
		if (!text[i])
			text[i] = ' ';
	text[length] = '\0';
}

static void is_hidden(const char *option, const char *value, const char *secret,
		      const char *shown)
{
	struct program p = { 0 };
	char text[4096];

	cr_assert_eq(program_troupe(&p, "run", option, value, "--node", "n",
				    program_built("examples/mesh.so"), "green",
				    NULL),
		     0);
	cr_assert_eq(program_await_error(&p, "is down", PATIENCE_MS), 0, "%s",
		     p.err);
	read_arguments(p.pid, text, sizeof(text));
	cr_expect_not(strstr(text, secret), "%s", text);
	cr_expect(strstr(text, shown), "%s", text);
	cr_expect_not(strstr(p.err, secret), "%s", p.err);
	kill(p.pid, SIGTERM);
	cr_expect_eq(program_finish(&p, PATIENCE_MS), 0, "%s", p.err);
	program_fini(&p);
}

Test(cookie, on_a_command_line_is_overwritten)
{
	char mesh[80], bus[80];
	int port = free_port();

#if !defined(HAVE_LIBMOSQUITTO) || !defined(HAVE_LIBCRYPTO)
	SKIP("mosquitto or libcrypto", "it was not built with them");
#endif
	setenv("XDG_RUNTIME_DIR", make_folder(), 1);
	snprintf(mesh, sizeof(mesh), COOKIE "@127.0.0.1:%d/harbour", port);
	is_hidden("--mesh", mesh, "eagle", "**@127.0.0.1:");
	snprintf(bus, sizeof(bus), "mqtt://me:secret@127.0.0.1:%d", port);
	is_hidden("--beacon", bus, "secret", "mqtt://****");
	drop_folder();
}

static void refuse(const char *option, const char *value, const char *why)
{
	struct program p = { 0 };

	cr_assert_eq(program_troupe(&p, "run", option, value,
				    program_built("examples/mesh.so"), NULL),
		     0);
	cr_expect_eq(program_finish(&p, PATIENCE_MS), 2);
	cr_expect(strstr(p.err, why), "%s %s: %s", option, value, p.err);
	cr_expect_not(strstr(p.err, "mouse"), "%s", p.err);
	program_fini(&p);
}

Test(cookie, that_is_wrong_is_not_repeated)
{
	make_folder();
	refuse("--mesh", "mouse@broker", "the COOKIE 16 to 511 bytes");
	refuse("--mesh", COOKIE "@bro?ker", "--mesh takes NAME or");
	refuse("--cookie-file", "/nowhere", "only this user can read");
#ifdef HAVE_INIH
	refuse("--config", file_of("mesh = mouse@broker\n", 0600),
	       "mesh takes NAME or");
#endif
	drop_folder();
}
