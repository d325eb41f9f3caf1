/* SPDX-License-Identifier: MIT */
#include "runtime/session/pace.h"

#define FIRST_NS INT64_C(250000000)
#define LEAST_NS INT64_C(100000000)

void trp_pace_init(struct trp_pace *pace, int64_t most_ns)
{
	*pace = (struct trp_pace) { .most_ns = most_ns };
}

void trp_pace_measured(struct trp_pace *pace, int64_t took_ns)
{
	int64_t off = took_ns - pace->mean_ns;

	if (!pace->mean_ns) {
		pace->mean_ns = took_ns;
		pace->variance_ns = took_ns / 2;
		return;
	}
	pace->variance_ns += ((off < 0 ? -off : off) - pace->variance_ns) / 4;
	pace->mean_ns += off / 8;
}

void trp_pace_answered(struct trp_pace *pace)
{
	pace->doublings = 0;
}

void trp_pace_missed(struct trp_pace *pace)
{
	if (trp_pace_ns(pace) < pace->most_ns)
		pace->doublings++;
}

int64_t trp_pace_ns(const struct trp_pace *pace)
{
	int64_t ns = FIRST_NS;

	if (pace->mean_ns) {
		ns = pace->mean_ns + 4 * pace->variance_ns;
		if (ns < 4 * pace->mean_ns)
			ns = 4 * pace->mean_ns;
		if (ns < LEAST_NS)
			ns = LEAST_NS;
	}
	for (unsigned int i = 0; i < pace->doublings; i++)
		ns *= 2;
	return ns < pace->most_ns ? ns : pace->most_ns;
}
