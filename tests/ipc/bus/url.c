/* SPDX-License-Identifier: MIT */
#include "ipc/bus/bus.h"
#include "ipc/bus/local.h"
#include "ipc/bus/mqtt.h"
#include "ipc/bus/serf.h"
#include "tests/support/skip.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct trp_bus_address parsed(const char *url)
{
	struct trp_bus_address address;

	cr_assert(trp_bus_address_parse(url, "mesh", &address) == 0, "%s", url);
	return address;
}

#ifdef HAVE_LIBMOSQUITTO
Test(url, mqtt_with_all_its_parts)
{
	struct trp_bus_address a = parsed(
		"mqtts://me:p%40ss@broker.example:1234/a/b?ca=/x/y&insecure=1");

	cr_assert(a.kind == &trp_bus_mqtt);
	cr_assert(a.is_tls && a.is_insecure);
	cr_assert_str_eq(a.user, "me");
	cr_assert_str_eq(a.password, "p@ss");
	cr_assert_str_eq(a.host, "broker.example");
	cr_assert(a.port == 1234);
	cr_assert_str_eq(a.path, "a/b");
	cr_assert_str_eq(a.ca, "/x/y");
}

Test(url, what_is_not_said_has_a_default)
{
	struct trp_bus_address a = parsed("mqtt://host");

	cr_assert(a.port == 1883);
	cr_assert(!a.is_tls);
	cr_assert_str_eq(a.path, "troupe/mesh");
	cr_assert(parsed("mqtts://host").port == 8883);
}

Test(url, an_ipv6_host_stands_in_brackets)
{
	struct trp_bus_address a = parsed("mqtt://[::1]:1000/x");

	cr_assert_str_eq(a.host, "::1");
	cr_assert(a.port == 1000);
	cr_assert(parsed("mqtt://[::1]").port == 1883);
}

Test(url, nonsense_is_refused)
{
	static const char *const bad[] = {
		"mqtt:",
		"mqtt:/",
		"mqtt://",
		"mqtt://:1",
		"mqtt://h:",
		"mqtt://h:0",
		"mqtt://h:65536",
		"mqtt://h:9x",
		"mqtt://[::1",
		"mqtt://[::1]x",
		"mqtt://h/%4",
		"mqtt://h/%00",
		"mqtt://h/%zz",
		"mqtt://h?what=1",
		"mqtt://h/x?ca=",
		"mqtt://u@",
		"local:",
		"localhost",
		"mqtt://h/a+b",
		"mqtt://h/#",
		"mqtt://h/%23",
		"mqtt://:pw@h",
		"mqtt://h?ca=/x",
		"mqtt://h?insecure=1",
		"mqtts://h?cert=/x",
		"mqtts://h?key=/x",
		"serf://u:k@h",
		"serf://h?ca=/x",
	};
	struct trp_bus_address address;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		cr_assert(trp_bus_address_parse(bad[i], "mesh", &address) < 0,
			  "%s", bad[i]);
	cr_assert(trp_bus_address_parse("amqp://h", "mesh", &address) ==
		  -EPROTONOSUPPORT);
	cr_assert(trp_bus_address_parse("local", "", &address) == -EINVAL);
	cr_assert(trp_bus_address_parse("local", "../x", &address) == -EINVAL);
	cr_assert(trp_bus_address_parse("local", ".", &address) == -EINVAL);
}

Test(url, of_nats_has_a_user_or_a_token)
{
	struct trp_bus_address a;

	if (!trp_bus_kinds_find("nats", 4))
		SKIP("nats-server", "NATS was not built");
	a = parsed("nats://me:p%40ss@h/a/b");
	cr_assert(!a.is_tls && a.port == 4222);
	cr_assert_str_eq(a.user, "me");
	cr_assert_str_eq(a.password, "p@ss");
	cr_assert_str_eq(a.path, "a.b");
	a = parsed("tls://token@h:1?ca=/x");
	cr_assert(a.is_tls && a.port == 1 && !*a.password);
	cr_assert_str_eq(a.user, "token");
	cr_assert(trp_bus_address_parse("nats://h/a/*", "mesh", &a) == -EINVAL);
	cr_assert(trp_bus_address_parse("nats://h/a%20b", "mesh", &a) ==
		  -EINVAL);
	cr_assert(trp_bus_address_parse("nats://h?ca=/x", "mesh", &a) ==
		  -EINVAL);
}

Test(url, is_described_without_user_and_password)
{
	struct trp_bus_address a =
		parsed("mqtts://me:secret@[::1]:5/a/b?ca=/x");
	char text[64];

	trp_bus_address_describe(&a, text, sizeof(text));
	cr_assert_str_eq(text, "mqtts://[::1]:5/a/b");
	a = parsed("mqtt://me:secret@host");
	trp_bus_address_describe(&a, text, sizeof(text));
	cr_assert_str_eq(text, "mqtt://host:1883/troupe/mesh");
	a = parsed("local:/x/y");
	trp_bus_address_describe(&a, text, sizeof(text));
	cr_assert_str_eq(text, "local:/x/y");
}

Test(url, what_is_too_long_is_refused)
{
	struct trp_bus_address address;
	char url[1024];

	snprintf(url, sizeof(url), "mqtt://h/%0500d", 1);
	cr_assert(trp_bus_address_parse(url, "mesh", &address) ==
		  -ENAMETOOLONG);
	snprintf(url, sizeof(url), "mqtt://%0500d", 1);
	cr_assert(trp_bus_address_parse(url, "mesh", &address) ==
		  -ENAMETOOLONG);
	snprintf(url, sizeof(url), "mqtt://%0500d@h", 1);
	cr_assert(trp_bus_address_parse(url, "mesh", &address) ==
		  -ENAMETOOLONG);
}
#endif

#ifdef HAVE_MSGPACK
Test(url, serf_joins_the_words_of_its_event_by_dots)
{
	struct trp_bus_address a = parsed("serf://:key@host:1/a/b/c");

	cr_assert(a.kind == &trp_bus_serf);
	cr_assert_str_eq(a.password, "key");
	cr_assert_str_eq(a.path, "a.b.c");
	cr_assert_str_eq(parsed("serf://host").path, "troupe.mesh");
	cr_assert(parsed("serf://host").port == 7373);
}
#endif

Test(url, local_lies_in_the_users_own_folder)
{
	char run[32], other[40];

	snprintf(other, sizeof(other), "/tmp/troupe-%u/mesh",
		 (unsigned int)geteuid());
	setenv("XDG_RUNTIME_DIR", "/run/user/7", 1);
	cr_assert_str_eq(parsed("local").path, "/run/user/7/troupe/mesh");
	unsetenv("XDG_RUNTIME_DIR");
	snprintf(run, sizeof(run), "/run/user/%u", (unsigned int)geteuid());
	cr_assert_str_eq(parsed("local").path +
				 (access(run, W_OK) < 0 ? 0 : strlen(run)),
			 access(run, W_OK) < 0 ? other : "/troupe/mesh");
	cr_assert_str_eq(parsed("local:/x/y").path, "/x/y");
}

Test(url, local_in_a_folder_with_too_long_a_path_is_refused)
{
	struct trp_bus_address address;
	char run[1024] = "/";

	memset(run + 1, 'r', sizeof(run) - 2);
	setenv("XDG_RUNTIME_DIR", run, 1);
	cr_assert_eq(trp_bus_address_parse("local", "mesh", &address),
		     -ENAMETOOLONG);
	/* There is room for all but the name of the mesh. */
	run[sizeof(address.path) - sizeof("/troupe")] = '\0';
	cr_assert_lt(trp_bus_address_parse("local", "mesh", &address), 0);
}
