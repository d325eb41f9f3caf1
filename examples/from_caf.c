/* SPDX-License-Identifier: MIT */
/* The C++ Actor Framework, line by line: see troupe-faq(7). */
#include <errno.h>
#include <stdio.h>
#include <troupe.h>
#include <troupe_link.h>
#include <troupe_router.h>
#include "from_caf.pb-c.h"

enum { CELLS = 3 };

/* ---- behavior cell(stateful_actor<int32_t> *self) ------------------------ */

static int32_t value;

static void cell_put(Caf__Cell_Service *service, const Caf__Number *number,
		     Caf__Nothing_Closure reply, void *call)
{
	const Caf__Nothing nothing = CAF__NOTHING__INIT;

	value = number->value;
	if (value < 0)
		troupe_fail(call, -EINVAL, "a negative value");
	else
		reply(&nothing, call);
}

static void cell_get(Caf__Cell_Service *service, const Caf__Nothing *nothing,
		     Caf__Number_Closure reply, void *call)
{
	Caf__Number number = CAF__NUMBER__INIT;

	number.value = value;
	reply(&number, call);
}

/* Of a plain message. */
static int cell_number(const struct troupe_message *message)
{
	const Caf__Number *number = message->body;

	value = number->value;
	if (value == 0)
		troupe_finish(TROUPE_STOP);
	return 0;
}

static const Caf__Cell_Service cell_methods = CAF__CELL__INIT(cell_);
static const struct troupe_handler cell_handlers[] = {
	{ &caf__number__descriptor, cell_number },
	{ 0 },
};
static const struct troupe_class cell = {
	.name = "cell",
	.service = &cell_methods.base,
	.handlers = cell_handlers,
};

/* ---- delegate, and a response promise ------------------------------------ */

static troupe_ref back;
static struct troupe_ticket promise;
static struct troupe_timer later;

static int deliver(struct troupe_timer *timer)
{
	const Caf__Nothing done = CAF__NOTHING__INIT;

	return troupe_answer(&promise, sizeof(promise), &done.base);
}

static int front_init(const void *arguments)
{
	later.fired = deliver;
	return troupe_spawn(&cell, NULL, &back);
}

static void front_get(Caf__Cell_Service *service, const Caf__Nothing *nothing,
		      Caf__Number_Closure reply, void *call)
{
	if (troupe_forward(call, back) < 0)
		troupe_fail(call, -EIO, "the cell is gone");
}

static void front_put(Caf__Cell_Service *service, const Caf__Number *number,
		      Caf__Nothing_Closure reply, void *call)
{
	if (troupe_send(back, &number->base) < 0 ||
	    troupe_delegate(call, &promise) < 0 ||
	    troupe_timer_start(&later, troupe_in_ms(10), 0) < 0)
		troupe_finish(-EIO);
}

static const Caf__Cell_Service front_methods = CAF__CELL__INIT(front_);
static const struct troupe_class front = {
	.name = "front",
	.init = front_init,
	.service = &front_methods.base,
};

/* ---- void caf_main(actor_system &sys) ------------------------------------ */

static void print_number(const Caf__Number *number, void *unused)
{
	if (number)
		printf("%d\n", number->value);
}

static void ignore(const Caf__Nothing *nothing, void *unused)
{
}

static int request(troupe_ref hdl, int32_t number)
{
	const Caf__Nothing nothing = CAF__NOTHING__INIT;
	Caf__Number x = CAF__NUMBER__INIT;
	struct troupe_proxy proxy;
	int r;

	troupe_proxy_init(&proxy, hdl, &caf__cell__descriptor);
	proxy.timeout_ms = -1;
	x.value = number;
	caf__cell__put(&proxy.base, &x, ignore, NULL);
	r = troupe_await(&proxy);
	if (r == -EINVAL)
		puts(proxy.reason.text);
	if (r < 0)
		return r;
	caf__cell__get(&proxy.base, &nothing, print_number, NULL);
	return troupe_await(&proxy);
}

static void print_sum(const ProtobufCMessage *unused, void *gather)
{
	const struct troupe_gather *all = gather;
	int sum = 0;

	for (size_t i = 0; i < all->count; i++)
		if (all->answer[i])
			sum += ((const Caf__Number *)all->answer[i])->value;
	printf("%d of %zu\n", sum, all->count - all->failed);
}

static int fan_out(void)
{
	const Caf__Nothing nothing = CAF__NOTHING__INIT;
	Caf__Number x = CAF__NUMBER__INIT;
	troupe_ref cells[CELLS];
	struct troupe_gather all;
	int r = 0;

	for (int i = 0; i < CELLS && r == 0; i++) {
		x.value = i + 1;
		r = troupe_spawn(&cell, NULL, &cells[i]);
		if (r == 0)
			r = troupe_send(cells[i], &x.base);
	}
	if (r == 0)
		r = troupe_gather_init(&all, cells, CELLS,
				       &caf__cell__descriptor);
	if (r < 0)
		return r;
	caf__cell__get(&all.base, &nothing, (Caf__Number_Closure)print_sum,
		       &all);
	r = troupe_gather_await(&all);
	troupe_gather_fini(&all);
	return r;
}

static struct troupe_router pool = {
	.by = TROUPE_ROUND_ROBIN, .each = &cell, .least = 2, .most = 2
};

int troupe_main(int argc, char **argv)
{
	const Caf__Nothing nothing = CAF__NOTHING__INIT;
	troupe_ref hdl;
	uint64_t monitor;
	int r;

	r = troupe_spawn(&front, NULL, &hdl);
	if (r == 0)
		r = troupe_register("front", hdl);
	if (r == 0)
		r = request(hdl, 42);
	if (r == 0)
		r = fan_out();
	if (r == 0)
		r = troupe_router_open(&pool, &caf__cell__descriptor);
	if (r < 0)
		return r;
	caf__cell__get(&pool.proxy.base, &nothing, print_number, NULL);
	r = troupe_await(&pool.proxy);
	troupe_router_close(&pool);
	if (r == 0)
		r = troupe_monitor(hdl, &monitor);
	if (r == 0)
		r = troupe_stop(hdl);
	if (r == 0)
		r = troupe_wait(hdl, TROUPE_NEVER, NULL);
	return r < 0 ? r : 0;
}
