/* SPDX-License-Identifier: MIT */
#include "ipc/host_port.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

static char host[8];
static uint16_t port;

static int read_text(const char *text)
{
	memset(host, 'x', sizeof(host));
	port = 77;
	return trp_host_port_read(text, strlen(text), host, sizeof(host),
				  &port);
}

Test(host_port, is_divided_at_its_colon_or_after_its_bracket)
{
	static const struct {
		const char *text, *host;
		int result;
		uint16_t port;
	} cases[] = {
		{ "a:1", "a", 0, 1 },
		{ "a", "a", 1, 77 },
		{ "", "", 1, 77 },
		{ ":65535", "", 0, 65535 },
		{ "[::1]:80", "::1", 0, 80 },
		{ "[::1]", "::1", 1, 77 },
		{ "[]", "", 1, 77 },
		{ "1234567", "1234567", 1, 77 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		cr_expect_eq(read_text(cases[i].text), cases[i].result, "%s",
			     cases[i].text);
		cr_expect_str_eq(host, cases[i].host);
		cr_expect_eq(port, cases[i].port);
	}
}

Test(host_port, of_another_form_is_refused_and_the_port_is_left)
{
	static const char *const wrong[] = { "a:",    "a:b",	 "a:65536",
					     "a:1:2", "a:-1",	 "a: 1",
					     "[::1",  "[::1]80", "a:4294967297",
					     "[::1]:" };

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		cr_expect_eq(read_text(wrong[i]), -EINVAL, "%s", wrong[i]);
		cr_expect_eq(port, 77, "%s", wrong[i]);
	}
	cr_expect_eq(read_text("12345678"), -ENAMETOOLONG);
	cr_expect_eq(read_text("[12345678]:1"), -ENAMETOOLONG);
}

Test(host_port, is_not_read_beyond_its_length)
{
	port = 77;
	cr_expect_eq(trp_host_port_read("a:12", 3, host, sizeof(host), &port),
		     0);
	cr_expect_eq(port, 1);
	cr_expect_eq(trp_host_port_read("a:12", 1, host, sizeof(host), &port),
		     1);
	cr_expect_str_eq(host, "a");
}
