/* SPDX-License-Identifier: MIT */
#include "runtime/node/end.h"

#include <stdio.h>
#include "runtime/node/outcome.h"

void trp_end_write(const struct troupe_end *end, uint64_t watch,
		   Troupe__Control__Ended *ret_ended)
{
	troupe__control__ended__init(ret_ended);
	ret_ended->ref = end->ref;
	ret_ended->pid = end->pid;
	ret_ended->name = (char *)end->name;
	ret_ended->cause = (uint32_t)end->reason.cause;
	ret_ended->code = end->reason.code;
	ret_ended->has_core = end->reason.has_core;
	ret_ended->text = (char *)end->reason.text;
	ret_ended->user_ns = end->user_ns;
	ret_ended->system_ns = end->system_ns;
	ret_ended->max_rss = end->max_rss;
	ret_ended->watch = watch;
	ret_ended->incarnation = end->incarnation;
	ret_ended->will_restart = end->will_restart;
	ret_ended->tag = end->tag;
	ret_ended->said = (char *)end->said;
	if (end->private_outcome) {
		ret_ended->outcome.data = (uint8_t *)end->private_outcome;
		ret_ended->outcome.len = trp_outcome_size(end->private_outcome);
	}
}

void trp_end_read(const Troupe__Control__Ended *ended,
		  struct troupe_end *ret_end)
{
	*ret_end = (struct troupe_end) {
		.ref = ended->ref,
		.pid = ended->pid,
		.reason = { .cause = (enum troupe_cause)ended->cause,
			    .code = ended->code,
			    .has_core = ended->has_core },
		.user_ns = ended->user_ns,
		.system_ns = ended->system_ns,
		.max_rss = ended->max_rss,
		.incarnation = ended->incarnation,
		.will_restart = ended->will_restart,
		.tag = ended->tag,
	};
	snprintf(ret_end->name, sizeof(ret_end->name), "%s", ended->name);
	snprintf(ret_end->said, sizeof(ret_end->said), "%s", ended->said);
	snprintf(ret_end->reason.text, sizeof(ret_end->reason.text), "%s",
		 ended->text);
}

static int64_t in_ns(struct timeval time)
{
	return time.tv_sec * INT64_C(1000000000) + time.tv_usec * 1000;
}

void trp_end_set_usage(struct troupe_end *end, const struct rusage *usage)
{
	end->user_ns = in_ns(usage->ru_utime);
	end->system_ns = in_ns(usage->ru_stime);
	end->max_rss = usage->ru_maxrss * INT64_C(1024);
}
