/* SPDX-License-Identifier: MIT */
/* The forms of an address of a Redis server. */
#ifdef HAVE_HIREDIS
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include "runtime/redis/url.h"

Test(redis_url, names_host_port_database_user_and_password)
{
	struct trp_redis_address a;

	cr_assert_eq(trp_redis_url_parse("redis://localhost", &a), 0);
	cr_assert(!strcmp(a.host, "localhost") && a.port == 6379);
	cr_assert(!a.path[0] && !a.user[0] && !a.password[0] && !a.database);
	cr_assert_eq(
		trp_redis_url_parse("redis://ann:b@c/d:e@[::1]:7000/3", &a), 0);
	cr_assert(!strcmp(a.host, "::1") && a.port == 7000 && a.database == 3);
	cr_assert(!strcmp(a.user, "ann") && !strcmp(a.password, "b@c/d:e"));
	cr_assert_eq(trp_redis_url_parse("redis://:secret@10.0.0.1/15", &a), 0);
	cr_assert(!strcmp(a.host, "10.0.0.1") && a.database == 15);
	cr_assert(!a.user[0] && !strcmp(a.password, "secret"));
}

Test(redis_url, names_a_socket)
{
	struct trp_redis_address a;

	cr_assert_eq(trp_redis_url_parse("unix:///run/redis.sock", &a), 0);
	cr_assert(!strcmp(a.path, "/run/redis.sock") && !a.host[0]);
	cr_assert_eq(trp_redis_url_parse("unix://:pw@/run/r?db=2", &a), 0);
	cr_assert(!strcmp(a.path, "/run/r") && a.database == 2);
	cr_assert(!strcmp(a.password, "pw"));
}

Test(redis_url, is_refused_when_it_is_none)
{
	static const char *const bad[] = {
		"",
		"redis",
		"redis://",
		"redis://:6379",
		"redis://h:",
		"redis://h:70000",
		"redis://h:6379x",
		"redis://h/",
		"redis://h/x",
		"redis://h/-1",
		"redis://h/1x",
		"redis://h/2147483648",
		"redis://h/18446744073709551617",
		"redis://nocolon@h",
		"redis://:@h",
		"redis://[::1",
		"redis://[::1]x",
		"redis://[]",
		"unix://",
		"unix://relative",
		"unix:///p?db=",
		"unix:///p?db=1x",
		"http://h",
	};
	char longer[600] = "redis://";
	struct trp_redis_address a = { .port = 1 };
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert_eq(trp_redis_url_parse(bad[i], &a), -EINVAL, "%s",
			     bad[i]);
	memset(longer + strlen(longer), 'h', 500);
	cr_assert_eq(trp_redis_url_parse(longer, &a), -EINVAL);
	memcpy(longer, "unix:///", 8);
	cr_assert_eq(trp_redis_url_parse(longer, &a), -EINVAL);
	cr_assert(a.port == 1 && !a.host[0], "outputs are untouched");
}

Test(redis_url, is_shown_without_user_and_password)
{
	struct trp_redis_address a;
	char text[64];

	cr_assert_eq(trp_redis_url_parse("redis://ann:pw@host:7000/3", &a), 0);
	trp_redis_url_describe(&a, text, sizeof(text));
	cr_assert_str_eq(text, "host:7000");
	cr_assert_eq(trp_redis_url_parse("unix://:pw@/run/r?db=2", &a), 0);
	trp_redis_url_describe(&a, text, sizeof(text));
	cr_assert_str_eq(text, "/run/r");
}
#endif
