/* SPDX-License-Identifier: MIT */
/* Failures that say where they were made. */
#include "runtime/troupe_backtrace.h"
#include "tests/support/stage.h"

static void method_twice(Play__Clerk_Service *service,
			 const Play__Number *number, Play__Number_Closure reply,
			 void *call)
{
	reply(number, call);
}

static void method_refuse(Play__Clerk_Service *service,
			  const Play__Number *number,
			  Play__Number_Closure reply, void *call)
{
	CHECK(troupe_fail(call, -EDOM, "no root of a negative number") == 0);
}

static void method_silent(Play__Clerk_Service *service,
			  const Play__Number *number,
			  Play__Number_Closure reply, void *call)
{
	reply(NULL, call);
}

static const Play__Clerk_Service methods = {
	.base = PLAY__CLERK__BASE_INIT,
	.twice = method_twice,
	.refuse = method_refuse,
	.silent = method_silent,
};

static void say_where(char *buffer, size_t size)
{
	CHECK(size == TROUPE_BACKTRACE_SIZE);
	snprintf(buffer, size, "in the office");
}

static const struct troupe_class mute = { .name = "mute",
					  .service = &methods.base };
static const struct troupe_class telling = { .name = "telling",
					     .service = &methods.base,
					     .backtrace = say_where };
static const struct troupe_class exact = { .name = "exact",
					   .service = &methods.base,
					   .backtrace = troupe_backtrace };

static const Play__Number number = PLAY__NUMBER__INIT;
static struct troupe_proxy proxy;
static char seen[TROUPE_BACKTRACE_SIZE]; /* by the closure */

static void take(const Play__Number *answer, void *data)
{
	snprintf(seen, sizeof(seen), "%s", troupe_proxy_backtrace(data));
}

static troupe_ref begin(const struct troupe_class *klass)
{
	troupe_ref ref = 0;

	CHECK(troupe_spawn(klass, NULL, &ref) == 0);
	troupe_proxy_init(&proxy, ref, &play__clerk__descriptor);
	return ref;
}

static void refuse(const char *expected)
{
	play__clerk__refuse(&proxy.base, &number, take, &proxy);
	CHECK(troupe_await(&proxy) == -EDOM);
	CHECK(strcmp(proxy.reason.text, "no root of a negative number") == 0);
	CHECK(strcmp(seen, expected) == 0);
	CHECK(strcmp(troupe_proxy_backtrace(&proxy), expected) == 0);
}

static int own_root(int argc, char **argv)
{
	struct troupe_gather gather;
	troupe_ref ref[2];

	begin(&mute);
	refuse("");
	ref[0] = begin(&telling);
	refuse("in the office");
	play__clerk__silent(&proxy.base, &number, take, &proxy);
	CHECK(troupe_await(&proxy) == -EREMOTEIO);
	CHECK(strcmp(seen, "in the office") == 0);
	/* A call that does not fail has none, nor has one that nobody takes. */
	play__clerk__twice(&proxy.base, &number, take, &proxy);
	CHECK(troupe_await(&proxy) == 0 && !*seen);
	CHECK(!*troupe_proxy_backtrace(&proxy));
	play__clerk__later(&proxy.base, &number, take, &proxy);
	CHECK(troupe_await(&proxy) == -ENOSYS && !*seen);
	CHECK(!*troupe_proxy_backtrace(NULL));
	CHECK(troupe_spawn(&mute, NULL, &ref[1]) == 0);
	CHECK(troupe_gather_init(&gather, ref, 2, &play__clerk__descriptor) ==
	      0);
	play__clerk__refuse(&gather.base, &number, take, &gather.proxy[0]);
	CHECK(troupe_gather_await(&gather) == -EDOM);
	CHECK(strcmp(seen, "in the office") == 0);
	CHECK(!*troupe_proxy_backtrace(&gather.proxy[1]));
	troupe_gather_fini(&gather);
	return 0;
}

Test(backtraces, of_ones_own_reach_the_caller_of_a_failed_call)
{
	stage_pass(own_root);
}

static int exact_root(int argc, char **argv)
{
	char small[8];

	begin(&exact);
	play__clerk__refuse(&proxy.base, &number, take, &proxy);
	CHECK(troupe_await(&proxy) == -EDOM);
#if __has_include(<execinfo.h>)
	CHECK(strstr(seen, "+0x"));
#endif
	troupe_backtrace(small, sizeof(small));
	CHECK(strlen(small) < sizeof(small));
	troupe_backtrace(small, 0);
	return 0;
}

Test(backtraces, are_made_by_the_library)
{
	stage_pass(exact_root);
}

enum { PROXIES = 40 };

static int many_root(int argc, char **argv)
{
	static struct troupe_proxy many[PROXIES];
	troupe_ref ref = begin(&telling);

	for (int i = 0; i < PROXIES; i++) {
		troupe_proxy_init(&many[i], ref, &play__clerk__descriptor);
		play__clerk__refuse(&many[i].base, &number, take, &many[i]);
		CHECK(troupe_await(&many[i]) == -EDOM);
		CHECK(strcmp(seen, "in the office") == 0);
	}
	CHECK(!*troupe_proxy_backtrace(&many[0]));
	CHECK(*troupe_proxy_backtrace(&many[PROXIES - 16]));
	return 0;
}

Test(backtraces, of_the_latest_proxies_are_kept)
{
	stage_pass(many_root);
}
