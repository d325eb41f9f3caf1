/* SPDX-License-Identifier: MIT */
/* What an actor asks of the supervisor: spawn, stop, names, watches. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "runtime/actor/actor.h"
#include "runtime/node/system.pb-c.h"
#include "runtime/node/trace.h"
#include "runtime/troupe_tree.h"
#include "serialize/message.h"

/* ---- spawn --------------------------------------------------------------- */

/* birth->arguments.data is for free(). */
static int put_arguments(Troupe__Control__Birth *birth,
			 const ProtobufCMessage *arguments)
{
	size_t size;

	if (!arguments)
		return 0;
	if (!trp_message_is_valid(arguments))
		return -EINVAL;
	size = trp_message_size(arguments);
	if (size > TRP_LIMIT_MAX / 2)
		return -EMSGSIZE;
	birth->type = (uintptr_t)arguments->descriptor;
	birth->arguments.len = size;
	birth->arguments.data = malloc(size + 1);
	if (!birth->arguments.data)
		return -ENOMEM;
	trp_message_pack(arguments, birth->arguments.data);
	return 0;
}

static int spawn(const char *label, Troupe__Control__Spawn *s,
		 const ProtobufCMessage *arguments, troupe_ref *ret_ref)
{
	Troupe__Control__Birth *birth = s->birth;
	int r;

	if (trp_actor.is_guest)
		return -ENOTSUP; /* nobody else has its addresses */
	if (trp_actor.is_ending)
		return -ECANCELED;
	r = put_arguments(birth, arguments);
	if (r < 0)
		return r;
	birth->label = (char *)(label ? label : "actor");
	birth->parent = trp_actor.self;
	/* Counted first: its end may be told before the answer is looked at. */
	trp_actor.children++;
	r = trp_actor_request(&s->base, ret_ref);
	if (r < 0)
		trp_actor.children--;
	free(birth->arguments.data);
	return r;
}

/* Room for what the receiver will drop, where it drops the oldest. */
static uint32_t limit_of(const struct troupe_class *klass)
{
	if (klass->when_full != TROUPE_FULL_DROP_OLD)
		return klass->mailbox_limit;
	return 2 * trp_actor_limit(klass);
}

static int put_class(const struct troupe_class *klass,
		     Troupe__Control__Spawn *request)
{
	if (!klass || (klass->run && klass->mailbox))
		return -EINVAL;
	request->birth->klass = (uintptr_t)klass;
	request->grace_ms = klass->grace_ms;
	request->mailbox_limit = limit_of(klass);
	request->when_full = klass->when_full;
	return 0;
}

/* label: NULL: that of the class. */
static int spawn_class(const char *label, const struct troupe_class *klass,
		       Troupe__Control__Spawn *request,
		       const ProtobufCMessage *arguments, troupe_ref *ret_ref)
{
	int r = put_class(klass, request);

	if (r < 0)
		return r;
	return spawn(label ? label : klass->name, request, arguments, ret_ref);
}

int trp_system_describe(const struct troupe_class *klass,
			const ProtobufCMessage *arguments,
			Troupe__Control__Spawn *request)
{
	int r = put_class(klass, request);

	return r < 0 ? r : put_arguments(request->birth, arguments);
}

/* name: to be registered; NULL: none. */
static int spawn_registered(const char *name, const struct troupe_class *klass,
			    const ProtobufCMessage *arguments,
			    troupe_ref *ret_ref)
{
	Troupe__Control__Birth birth = TROUPE__CONTROL__BIRTH__INIT;
	Troupe__Control__Spawn request = TROUPE__CONTROL__SPAWN__INIT;

	if (name && !*name)
		return -EINVAL;
	request.birth = &birth;
	if (name)
		request.name = (char *)name;
	return spawn_class(name, klass, &request, arguments, ret_ref);
}

int troupe_spawn_named(const char *name, const struct troupe_class *klass,
		       const ProtobufCMessage *arguments, troupe_ref *ret_ref)
{
	return name && *name ? spawn_registered(name, klass, arguments, ret_ref)
			     : -EINVAL;
}

int troupe_spawn(const struct troupe_class *klass,
		 const ProtobufCMessage *arguments, troupe_ref *ret_ref)
{
	return spawn_registered(NULL, klass, arguments, ret_ref);
}

int troupe_spawn_function(int (*run)(const void *arguments),
			  const ProtobufCMessage *arguments,
			  troupe_ref *ret_ref)
{
	Troupe__Control__Birth birth = TROUPE__CONTROL__BIRTH__INIT;
	Troupe__Control__Spawn request = TROUPE__CONTROL__SPAWN__INIT;

	if (!run)
		return -EINVAL;
	birth.run = (uintptr_t)run;
	request.birth = &birth;
	return spawn("function", &request, arguments, ret_ref);
}

int troupe_spawn_child(const char *name, const struct troupe_class *klass,
		       const ProtobufCMessage *arguments, troupe_ref *ret_ref)
{
	Troupe__Control__Birth birth = TROUPE__CONTROL__BIRTH__INIT;
	Troupe__Control__Spawn request = TROUPE__CONTROL__SPAWN__INIT;

	if (!name || !*name)
		return -EINVAL;
	request.birth = &birth;
	request.child = (char *)name;
	return spawn_class(name, klass, &request, arguments, ret_ref);
}

/* ---- stop, close, kill --------------------------------------------------- */

int troupe_stop(troupe_ref ref)
{
	Troupe__Control__Stop request = TROUPE__CONTROL__STOP__INIT;

	if (!ref)
		return -EINVAL;
	request.ref = ref;
	return trp_actor_request(&request.base, NULL);
}

int troupe_kill(troupe_ref ref)
{
	Troupe__Control__Kill request = TROUPE__CONTROL__KILL__INIT;

	if (!ref)
		return -EINVAL;
	request.ref = ref;
	return trp_actor_request(&request.base, NULL);
}

int troupe_close(troupe_ref ref)
{
	Troupe__Control__Close close = TROUPE__CONTROL__CLOSE__INIT;
	struct trp_envelope envelope = trp_actor_envelope(TRP_CONTROL);

	return trp_actor_post(ref, TRP_MAIL, &envelope, &close.base, NULL);
}

/* ---- watches ------------------------------------------------------------- */

static int watch(troupe_ref ref, uint64_t id)
{
	Troupe__Control__Watch request = TROUPE__CONTROL__WATCH__INIT;

	request.ref = ref;
	request.id = id;
	return trp_actor_request(&request.base, NULL);
}

/* What was told before a request was answered: answers overtake reports. */
static void take_reports(void)
{
	while (trp_actor_take(TRP_TAKE_CONTROL) == 1)
		;
}

static int unwatch(uint64_t id)
{
	Troupe__Control__Unwatch request = TROUPE__CONTROL__UNWATCH__INIT;
	int r;

	request.id = id;
	r = trp_actor_request(&request.base, NULL);
	take_reports();
	free(trp_exit_queue_take(&trp_actor.news, id, 0));
	free(trp_exit_queue_take(&trp_actor.unclaimed, id, 0));
	return r;
}

int troupe_monitor(troupe_ref ref, uint64_t *ret_monitor)
{
	uint64_t id = trp_watch_id(TRP_WATCH_MONITOR, trp_actor_id());
	int r;

	if (!ref)
		return -EINVAL;
	r = watch(ref, id);
	if (r == 0 && ret_monitor)
		*ret_monitor = id;
	return r;
}

int troupe_demonitor(uint64_t monitor)
{
	return trp_watch_kind(monitor) == TRP_WATCH_MONITOR ? unwatch(monitor)
							    : -EINVAL;
}

static int wait_for_news(uint64_t id, struct troupe_time deadline,
			 struct trp_exit_notice **ret_news)
{
	bool is_late;
	int r;

	for (;;) {
		take_reports();
		*ret_news = trp_exit_queue_take(&trp_actor.news, id, 0);
		if (*ret_news)
			return 0;
		if (trp_actor.is_stopping)
			return -ECANCELED;
		is_late = trp_now().ns >= deadline.ns;
		/* What was told before the watch was answered is here: the
		 * answer has overtaken it. */
		r = is_late ? trp_actor_take(TRP_TAKE_CONTROL)
			    : trp_actor_block(deadline);
		if (r < 0)
			return r;
		if (is_late && r == 0)
			return -ETIMEDOUT;
	}
}

/* The end of a child that was told already, and that nobody has claimed. */
static struct trp_exit_notice *claim(troupe_ref ref)
{
	struct trp_exit_notice *news =
		trp_exit_queue_take(&trp_actor.unclaimed, 0, ref);

	if (!news && trp_actor.klass->run && !trp_actor.klass->child_stopped)
		news = trp_exit_queue_take(&trp_actor.news, 0, ref);
	return news;
}

int troupe_wait(troupe_ref ref, struct troupe_time deadline,
		struct troupe_end *ret_end)
{
	uint64_t id = trp_watch_id(TRP_WATCH_WAIT, trp_actor_id());
	struct trp_exit_notice *news, *own;
	int64_t begin;
	int r;

	if (!trp_actor.self)
		return -ESHUTDOWN;
	news = claim(ref);
	if (ref == trp_actor.self)
		return -EDEADLK;
	if (!ref)
		return -EINVAL;
	if (!news) {
		r = watch(ref, id);
		if (r < 0)
			return r;
		begin = trp_trace_begin();
		r = wait_for_news(id, deadline, &news);
		trp_trace_span("wait", "end", begin);
		if (r < 0) {
			unwatch(id);
			return r;
		}
		/* A child's end is told twice, to the parent and to the watch.
		 */
		own = claim(ref);
		if (own && news->end.reason.cause == TROUPE_NOPROC)
			news->end = own->end;
		free(own);
	}
	if (ret_end)
		*ret_end = news->end;
	free(news);
	return 0;
}

/* ---- names --------------------------------------------------------------- */

int troupe_register(const char *name, troupe_ref ref)
{
	Troupe__Control__Register request = TROUPE__CONTROL__REGISTER__INIT;

	if (!name || !ref)
		return -EINVAL;
	request.name = (char *)name;
	request.ref = ref;
	return trp_actor_request(&request.base, NULL);
}

int troupe_unregister(const char *name)
{
	Troupe__Control__Unregister request = TROUPE__CONTROL__UNREGISTER__INIT;

	if (!name)
		return -EINVAL;
	request.name = (char *)name;
	return trp_actor_request(&request.base, NULL);
}

int troupe_whereis(const char *name, troupe_ref *ret_ref)
{
	Troupe__Control__Whereis request = TROUPE__CONTROL__WHEREIS__INIT;

	if (!name)
		return -EINVAL;
	request.name = (char *)name;
	return trp_actor_request(&request.base, ret_ref);
}

int troupe_lookup(const char *address, troupe_ref *ret_ref)
{
	Troupe__Control__Lookup request = TROUPE__CONTROL__LOOKUP__INIT;

	if (!address || strlen(address) >= TROUPE_ADDRESS_SIZE)
		return -EINVAL;
	request.address = (char *)address;
	return trp_actor_request(&request.base, ret_ref);
}

int troupe_address(troupe_ref ref, char *buffer, size_t size)
{
	Troupe__Control__AddressOf request = TROUPE__CONTROL__ADDRESS_OF__INIT;

	if (!ref)
		return -EINVAL;
	request.ref = ref;
	return trp_actor_request_text(&request.base, buffer, size);
}

/* ---- timers -------------------------------------------------------------- */

int troupe_timer_start(struct troupe_timer *timer, struct troupe_time at,
		       int64_t period_ms)
{
	if (!trp_actor.self)
		return -ESHUTDOWN;
	if (!timer->fired || period_ms < 0 || period_ms > INT64_MAX / 2000000)
		return -EINVAL;
	timer->period_ns = period_ms * 1000000;
	return trp_timers_start(&trp_actor.timers, timer, at);
}

int troupe_timer_cancel(struct troupe_timer *timer)
{
	return trp_timers_cancel(&trp_actor.timers, timer);
}
