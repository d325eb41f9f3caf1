/* SPDX-License-Identifier: MIT */
/*
 * Savina 23, Filter Bank: a source, a number of channels, each a chain of
 * small filters, and one that adds up what they say.  All of it is one stream
 * in one direction, so waiting for room is safe; only the producer waits for
 * the source at each tick.
 */
#include <stdlib.h>
#include "tests/bench/bench.h"

enum { TICKS, COLUMNS, CHANNELS };

enum stage { SOURCE, BANK, DELAY, FIR_H, SAMPLE, DELAY_AGAIN, FIR_F, TAG };

static const Bench__Place *place;
static double *window, *weight;
static long at, came;

static int pass(double value)
{
	Bench__Item item = BENCH__ITEM__INIT;

	item.value = value;
	return bench_send(place->to, &item.base);
}

static int delay(double value)
{
	double old = window[at];

	window[at] = value;
	at = (at + 1) % (bench_get(COLUMNS) - 1);
	return pass(old);
}

/* As in the original the window is taken as it lies and is not turned. */
static int fir(double value)
{
	long size = bench_get(COLUMNS);
	double sum = 0;

	window[at] = value;
	at = (at + 1) % size;
	if (++came < size)
		return 0;
	for (long i = 0; i < size; i++)
		sum += window[i] * weight[size - i - 1];
	return pass(sum);
}

static int sample(double value)
{
	return pass(came++ % bench_get(COLUMNS) ? 0 : value);
}

static int tag(double value)
{
	Bench__Term term = BENCH__TERM__INIT;

	term.value = value;
	term.rate = (double)place->count;
	return bench_send(place->to, &term.base);
}

static int (*const filters[])(double) = {
	[BANK] = pass,	   [DELAY] = delay,	  [FIR_H] = fir,
	[SAMPLE] = sample, [DELAY_AGAIN] = delay, [FIR_F] = fir,
	[TAG] = tag,
};

static int take(const struct troupe_message *message)
{
	return filters[place->index](
		((const Bench__Item *)message->body)->value);
}

static double weight_of(enum stage stage, long channel, long i)
{
	if (stage == FIR_H)
		return (double)(i * bench_get(COLUMNS) +
				channel * bench_get(CHANNELS) + channel + i +
				channel + 1);
	return (double)(i * channel + channel * channel + channel + i);
}

static int prepare(const void *arguments)
{
	size_t size = (size_t)bench_get(COLUMNS);
	long channel;

	place = arguments;
	channel = place->count;
	window = calloc(size, sizeof(*window));
	weight = calloc(size, sizeof(*weight));
	for (long i = 0; weight && i < (long)size; i++)
		weight[i] = weight_of((enum stage)place->index, channel, i);
	return window && weight ? 0 : -ENOMEM;
}

static const struct troupe_handler filter_handlers[] = {
	{ &bench__item__descriptor, take },
	{},
};
static struct troupe_class filter_class = { .name = "filter",
					    .init = prepare,
					    .handlers = filter_handlers };

/* ---- the source, with its branches --------------------------------------- */

static troupe_ref *banks;
static size_t bank_count;
static long tick;

static int branch(const struct troupe_message *message)
{
	const Bench__Place *told = message->body;

	bank_count = told->n_actors;
	banks = calloc(bank_count, sizeof(*banks));
	for (size_t i = 0; banks && i < bank_count; i++)
		banks[i] = told->actors[i];
	return banks ? 0 : -ENOMEM;
}

static int emit(const struct troupe_message *message)
{
	Bench__Item item = BENCH__ITEM__INIT;
	Bench__Next next = BENCH__NEXT__INIT;
	int r = 0;

	item.value = (double)(tick++ % 1000);
	for (size_t i = 0; i < bank_count && r == 0; i++)
		r = bench_send(banks[i], &item.base);
	return r < 0 ? r : bench_send(message->sender, &next.base);
}

static const struct troupe_handler source_handlers[] = {
	{ &bench__place__descriptor, branch },
	{ &bench__go__descriptor, emit },
	{},
};
static struct troupe_class source_class = { .name = "source",
					    .handlers = source_handlers };

/* ---- the integrator, which is combiner and sink too ---------------------- */

/*
 * The sum of all that arrives, computed alone: a value is there once
 * `columns` have come, and place i of a window then holds the newest of those
 * whose number is i modulo its size.
 */
static double fir_alone(const double *in, long t, enum stage stage,
			long channel)
{
	long size = bench_get(COLUMNS);
	double sum = 0;

	for (long back = 0; back < size; back++)
		sum += in[t - back] *
		       weight_of(stage, channel, size - (t - back) % size - 1);
	return sum;
}

static double model_of(long channel, double *in, double *out)
{
	long ticks = bench_get(TICKS), size = bench_get(COLUMNS);
	long late = size - 1;
	double sum = 0;

	for (long t = 0; t < ticks; t++)
		in[t] = t < late ? 0 : (double)((t - late) % 1000);
	for (long t = 0; t < ticks; t++)
		out[t] = 0;
	for (long t = late; t < ticks - late; t += size)
		out[t] = fir_alone(in, t, FIR_H, channel);
	/* Its output starts with number `late`, and is late. */
	for (long t = 0; t + late < ticks; t++)
		in[t] = t < late ? 0 : out[t];
	for (long t = late; t + late < ticks; t++)
		sum += fir_alone(in, t, FIR_F, channel);
	return sum;
}

static double model(void)
{
	size_t ticks = (size_t)bench_get(TICKS);
	double *in = calloc(ticks, sizeof(*in));
	double *out = calloc(ticks, sizeof(*out)), sum = 0;

	for (long i = 0; in && out && i < bench_get(CHANNELS); i++)
		sum += model_of(i, in, out);
	free(in);
	free(out);
	return sum;
}

/* A channel may be ahead of another by all its values. */
static double *sums;
static long *heard, wanted, complete;

static int add(const struct troupe_message *message)
{
	const Bench__Term *term = message->body;
	long channel = (long)term->rate;
	double total = 0;

	sums[heard[channel]++] += term->value;
	complete += 1;
	if (complete < wanted * bench_get(CHANNELS))
		return 0;
	bench_stop();
	for (long i = 0; i < wanted; i++)
		total += sums[i];
	bench_expect_near("sum", total, model(), 1e-12);
	if (bench_get(COLUMNS) == 64 && bench_get(TICKS) == 1024 &&
	    bench_get(CHANNELS) == 4)
		bench_expect("total", (long long)total, 896165320960);
	if (bench_get(COLUMNS) == 256 && bench_get(TICKS) == 4096 &&
	    bench_get(CHANNELS) == 8)
		bench_expect("total", (long long)total, 2153638911363072);
	for (long i = 0; i < bench_get(CHANNELS); i++)
		bench_expect("values of a channel", heard[i], wanted);
	return TROUPE_STOP;
}

static int adder_init(const void *arguments)
{
	wanted = bench_get(TICKS) - 2 * (bench_get(COLUMNS) - 1);
	sums = calloc((size_t)wanted, sizeof(*sums));
	heard = calloc((size_t)bench_get(CHANNELS), sizeof(*heard));
	return sums && heard ? 0 : -ENOMEM;
}

static const struct troupe_handler adder_handlers[] = {
	{ &bench__term__descriptor, add },
	{},
};
static struct troupe_class adder_class = { .name = "adder",
					   .init = adder_init,
					   .handlers = adder_handlers };

/* ---- the producer -------------------------------------------------------- */

/* One channel, from its end to its beginning, which is returned in *to. */
static int build(long channel, troupe_ref *to)
{
	Bench__Place told = BENCH__PLACE__INIT;
	int r = 0;

	told.count = channel;
	told.to = *to;
	for (told.index = TAG; told.index >= BANK && r == 0; told.index--)
		r = troupe_spawn(&filter_class, &told.base, &told.to);
	*to = told.to;
	return r;
}

/* Less would not fill the windows: nothing came out. */
static const char *refuse(void)
{
	return bench_get(TICKS) < 2 * bench_get(COLUMNS)
		       ? "n must be at least twice columns"
		       : NULL;
}

static int root(void)
{
	size_t channels = (size_t)bench_get(CHANNELS);
	troupe_ref adder, source, *first = calloc(channels, sizeof(*first));
	Bench__Place told = BENCH__PLACE__INIT;
	Bench__Go go = BENCH__GO__INIT;
	struct troupe_end end;
	int r = first ? 0 : -ENOMEM;

	if (r == 0)
		r = troupe_spawn(&adder_class, NULL, &adder);
	for (size_t i = 0; i < channels && r == 0; i++) {
		first[i] = adder;
		r = build((long)i, &first[i]);
	}
	if (r == 0)
		r = troupe_spawn(&source_class, NULL, &source);
	told.n_actors = channels;
	told.actors = first;
	if (r == 0)
		r = bench_send(source, &told.base);
	for (long i = 0; i < bench_get(TICKS) && r == 0; i++) {
		r = bench_send(source, &go.base);
		if (r == 0 && !bench_receive(&bench__next__descriptor, NULL))
			r = -ECANCELED;
	}
	if (r == 0)
		r = troupe_wait(adder, TROUPE_NEVER, &end);
	bench_items(bench_get(TICKS));
	return r < 0 ? r : bench_child_ended(&end);
}

const struct bench bench_filterbank = {
	.name = "filterbank",
	.suite = "savina",
	.item = "ticks",
	.parameters = { [TICKS] = { "n",
				    { 1024, 16384, 65536 },
				    .most = 10000000 },
			[COLUMNS] = { "columns", { 64, 256, 256 }, 2, 65536 },
			[CHANNELS] = { "channels",
				       { 4, 8, 8 },
				       .most = 10000 } },
	.classes = { &filter_class, &source_class, &adder_class },
	.refuses = refuse,
	.root = root,
};
