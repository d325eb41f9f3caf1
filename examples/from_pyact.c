/* SPDX-License-Identifier: MIT */
/* pyact, line by line: see troupe-coming-from(7). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <troupe.h>
#include <troupe_backtrace.h>
#include <troupe_link.h>
#include <troupe_result.h>
#include <troupe_value.h>
#include "from_pyact.pb-c.h"

enum { NODES = 5, PATIENCE_MS = 60000 };

/* ---- def square(receive, n) ---------------------------------------------- */

static int square(const void *arguments)
{
	const Pyact__Number *n = arguments;
	Pyact__Number result = PYACT__NUMBER__INIT;

	result.value = n->value * n->value;
	return troupe_end_with(0, NULL, &result.base);
}

static int64_t result_of(const struct troupe_end *end)
{
	return end->message ? ((const Pyact__Number *)end->message->body)->value
			    : -1;
}

static int wait_for_some(void)
{
	Pyact__Number n = PYACT__NUMBER__INIT;
	struct troupe_end end, ends[NODES];
	troupe_ref address[NODES];
	int r = 0;

	for (int i = 0; i < NODES && r == 0; i++) {
		n.value = i + 1;
		r = troupe_spawn_function(square, &n.base, &address[i]);
	}
	if (r == 0)
		r = troupe_wait(address[1], TROUPE_NEVER, &end);
	if (r == 0)
		printf("result %lld\n", (long long)result_of(&end));
	if (r == 0)
		r = troupe_wait_all(address, NODES, TROUPE_NEVER, ends);
	for (int i = 0; i < NODES && r == 0; i++)
		printf("%lld ", (long long)result_of(&ends[i]));
	puts("");
	return r;
}

/* ---- def door(receive) --------------------------------------------------- */

static int door(const void *arguments)
{
	Pyact__Key silver = PYACT__KEY__INIT;
	const struct troupe_pattern patterns[] = {
		{ .example = &silver.base },
		{ .type = &pyact__number__descriptor },
	};
	struct troupe_message message;
	int r;

	silver.name = "silver";
	for (;;) {
		r = troupe_receive(patterns, 2, troupe_in_ms(PATIENCE_MS),
				   &message);
		if (r < 0)
			return r;
		r = troupe_send(message.sender, message.body);
		if (r < 0)
			return r;
	}
}

static int by_name(void)
{
	Pyact__Key key = PYACT__KEY__INIT;
	uint8_t blob[] = { 0, 0xff };
	struct troupe_message message;
	struct troupe_end end;
	troupe_ref address, found;
	int r;

	r = troupe_spawn_function(door, NULL, &address);
	if (r == 0)
		r = troupe_register("door", address);
	if (r == 0)
		r = troupe_whereis("door", &found);
	key.name = "silver";
	key.binary.data = blob;
	key.binary.len = sizeof(blob);
	if (r == 0)
		r = troupe_send(found, &key.base);
	if (r == 0)
		r = troupe_receive(NULL, 0, TROUPE_NEVER, &message);
	if (r == 0 && message.sender == found)
		printf("opened with %zu bytes\n",
		       ((const Pyact__Key *)message.body)->binary.len);
	if (r == 0)
		r = troupe_receive(NULL, 0, TROUPE_POLL, &message);
	if (r == -ETIMEDOUT)
		r = troupe_kill(address);
	if (r == 0)
		r = troupe_wait(address, TROUPE_NEVER, &end);
	if (r == 0 && end.reason.cause == TROUPE_KILLED)
		r = troupe_send(address, &key.base);
	return r == 0 ? -EPROTO : r == -ESRCH ? 0 : r;
}

/* ---- messages without a type of their own -------------------------------- */

static int send_and_match(const struct troupe_value *rain,
			  const struct troupe_shape *shape)
{
	const struct troupe_pattern pattern = { .shape = shape };
	struct troupe_message message;
	char *text;
	int r;

	r = troupe_send(troupe_self(), troupe_value_message(rain));
	if (r == 0)
		r = troupe_receive(&pattern, 1, TROUPE_NEVER, &message);
	if (r == 0)
		r = troupe_shape_of(rain, &text);
	if (r < 0)
		return r;
	puts(text);
	free(text);
	return 0;
}

static int by_shape(void)
{
	struct troupe_shape *shape = NULL;
	struct troupe_value *rain = NULL;
	struct troupe_mistake mistake;
	int r;

	r = troupe_value_from_json("{\"event\": \"rain\", \"mm\": [3, 5]}",
				   &rain, &mistake);
	if (r == 0)
		r = troupe_shape_new("{\"event\": str, \"mm\": [int]}", &shape,
				     &mistake);
	if (r == 0)
		r = send_and_match(rain, shape);
	else
		puts(mistake.text);
	troupe_shape_free(shape);
	troupe_value_free(rain);
	return r;
}

/* ---- class Half(Server) -------------------------------------------------- */

static void server_half(Pyact__Server_Service *service,
			const Pyact__Number *number,
			Pyact__Number_Closure reply, void *call)
{
	Pyact__Number half = PYACT__NUMBER__INIT;

	half.value = number->value / 2;
	if (number->value % 2)
		troupe_fail(call, -EDOM, "it is odd");
	else
		reply(&half, call);
}

static const Pyact__Server_Service server_methods =
	PYACT__SERVER__INIT(server_);
static const struct troupe_class server = {
	.name = "server",
	.service = &server_methods.base,
	.backtrace = troupe_backtrace,
};

static void print_half(const Pyact__Number *number, void *data)
{
	const struct troupe_proxy *proxy = data;

	if (number)
		printf("half %lld\n", (long long)number->value);
	else
		printf("%s, at %s\n", proxy->reason.text,
		       troupe_proxy_backtrace(proxy));
}

static int call(void)
{
	Pyact__Number number = PYACT__NUMBER__INIT;
	struct troupe_proxy proxy;
	troupe_ref address;
	int r;

	r = troupe_spawn(&server, NULL, &address);
	if (r < 0)
		return r;
	troupe_proxy_init(&proxy, address, &pyact__server__descriptor);
	proxy.timeout_ms = PATIENCE_MS;
	number.value = 8;
	pyact__server__half(&proxy.base, &number, print_half, &proxy);
	r = troupe_await(&proxy);
	if (r < 0)
		return r;
	number.value = 7;
	pyact__server__half(&proxy.base, &number, print_half, &proxy);
	return troupe_await(&proxy) == -EDOM ? 0 : -EPROTO;
}

/* ---- spawn_link ---------------------------------------------------------- */

static int fail(const void *arguments)
{
	return troupe_end_with(-EIO, "the disk is full", NULL);
}

static int link_to(void)
{
	const struct troupe_pattern an_exit = {
		.type = &troupe__exit_signal__descriptor
	};
	struct troupe_message message;
	const struct troupe_end *end;
	troupe_ref address;
	int r;

	r = troupe_trap_exits(true);
	if (r == 0)
		r = troupe_spawn_function(fail, NULL, &address);
	if (r == 0)
		r = troupe_link(address);
	if (r == 0)
		r = troupe_receive(&an_exit, 1, TROUPE_NEVER, &message);
	if (r < 0)
		return r;
	end = message.body;
	printf("linked: %d\n",
	       end->ref == address && (end->reason.code == -EIO ||
				       end->reason.cause == TROUPE_NOPROC));
	return 0;
}

int troupe_main(int argc, char **argv)
{
	int r = wait_for_some();

	if (r == 0)
		r = by_name();
	if (r == 0)
		r = by_shape();
	if (r == 0)
		r = call();
	return r < 0 ? r : link_to();
}
