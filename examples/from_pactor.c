/* SPDX-License-Identifier: MIT */
/* pactor, line by line: see troupe-coming-from(7). */
#include <stdio.h>
#include <troupe.h>
#include "from_pactor.pb-c.h"

/* ---- class Counter ------------------------------------------------------- */

static int64_t total;

static int counter_init(const void *arguments)
{
	const Pactor__Number *start = arguments;

	total = start->value;
	return 0;
}

static void counter_add(Pactor__Counter_Service *service,
			const Pactor__Number *number,
			Pactor__Nothing_Closure reply, void *call)
{
	Pactor__Nothing nothing = PACTOR__NOTHING__INIT;

	total += number->value;
	reply(&nothing, call);
}

static void counter_total(Pactor__Counter_Service *service,
			  const Pactor__Nothing *nothing,
			  Pactor__Number_Closure reply, void *call)
{
	Pactor__Number number = PACTOR__NUMBER__INIT;

	number.value = total;
	reply(&number, call);
}

static void counter_report_to(Pactor__Counter_Service *service,
			      const Pactor__Report *report,
			      Pactor__Nothing_Closure reply, void *call)
{
	Pactor__Nothing nothing = PACTOR__NOTHING__INIT;
	Pactor__Number number = PACTOR__NUMBER__INIT;

	number.value = total;
	troupe_send(report->to, &number.base);
	reply(&nothing, call);
}

static int counter_step(const struct troupe_message *message)
{
	Pactor__Step step = *(const Pactor__Step *)message->body;

	total++;
	if (--step.left == 0)
		return 0;
	return troupe_send(troupe_self(), &step.base);
}

static const struct troupe_handler counter_handlers[] = {
	{ &pactor__step__descriptor, counter_step },
	{ 0 },
};
static const Pactor__Counter_Service counter_methods =
	PACTOR__COUNTER__INIT(counter_);
static const struct troupe_class counter = {
	.name = "counter",
	.init = counter_init,
	.service = &counter_methods.base,
	.handlers = counter_handlers,
};

/* ---- the program --------------------------------------------------------- */

static void print_total(const Pactor__Number *number, void *data)
{
	if (number)
		printf("total %lld\n", (long long)number->value);
}

int troupe_main(int argc, char **argv)
{
	Pactor__Number two = PACTOR__NUMBER__INIT, start = two;
	Pactor__Nothing nothing = PACTOR__NOTHING__INIT;
	Pactor__Report report = PACTOR__REPORT__INIT;
	Pactor__Step step = PACTOR__STEP__INIT;
	struct troupe_message message;
	struct troupe_proxy proxy;
	struct troupe_end end;
	troupe_ref ref;
	int r;

	two.value = 2;
	start.value = 10;
	step.left = 3;
	r = troupe_spawn(&counter, &start.base, &ref);
	if (r < 0)
		return r;
	troupe_proxy_init(&proxy, ref, &pactor__counter__descriptor);
	pactor__counter__add(&proxy.base, &two, NULL, NULL);
	pactor__counter__total(&proxy.base, &nothing, print_total, NULL);
	r = troupe_await(&proxy);
	if (r == 0)
		r = troupe_send(ref, &step.base);
	report.to = troupe_self();
	pactor__counter__report_to(&proxy.base, &report, NULL, NULL);
	if (r == 0)
		r = troupe_receive(NULL, 0, TROUPE_NEVER, &message);
	if (r == 0)
		r = troupe_close(ref);
	if (r == 0)
		r = troupe_wait(ref, TROUPE_NEVER, &end);
	if (r == 0)
		printf("exit %d\n", end.reason.code);
	return r;
}
