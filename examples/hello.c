/* SPDX-License-Identifier: MIT */
/* hello: one actor asks another, and prints the answer. */
#define _GNU_SOURCE 1
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <troupe.h>
#include "hello.pb-c.h"

/* The method, with the name and the shape that protoc-c gives it. */
static void greeter_greet(Hello__Greeter_Service *service,
			  const Hello__Name *name,
			  Hello__Greeting_Closure reply, void *call)
{
	Hello__Greeting greeting = HELLO__GREETING__INIT;

	if (asprintf(&greeting.text, "Hello, %s, from process %d", name->name,
		     getpid()) < 0) {
		troupe_fail(call, -ENOMEM, "no memory for a greeting");
		return;
	}
	reply(&greeting, call);
	free(greeting.text);
}

static const Hello__Greeter_Service greeter_methods =
	HELLO__GREETER__INIT(greeter_);

static const struct troupe_class greeter = {
	.name = "greeter",
	.service = &greeter_methods.base,
};

static void print_greeting(const Hello__Greeting *greeting, void *unused)
{
	if (greeting) /* NULL: no answer; troupe_await() returns why */
		puts(greeting->text);
}

int troupe_main(int argc, char **argv)
{
	Hello__Name name = HELLO__NAME__INIT;
	struct troupe_proxy proxy;
	troupe_ref ref;
	int r;

	r = troupe_spawn(&greeter, NULL, &ref);
	if (r < 0)
		return r;
	troupe_proxy_init(&proxy, ref, &hello__greeter__descriptor);
	name.name = argc > 1 ? argv[1] : "world";
	hello__greeter__greet(&proxy.base, &name, print_greeting, NULL);
	return troupe_await(&proxy);
}
