/* SPDX-License-Identifier: MIT */
#include "runtime/actor/spawn.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include "runtime/actor/monitor.h"
#include "runtime/actor/request.h"
#include "runtime/actor/take.h"
#include "runtime/node/image.h"
#include "runtime/troupe_restart.h"
#include "runtime/troupe_tree.h"
#include "serialize/message.h"
#include "serialize/printable.h"

/* birth->arguments.data is for free(). */
static int put_arguments(Troupe__Control__Birth *birth,
			 const ProtobufCMessage *arguments)
{
	if (!arguments)
		return 0;
	if (!trp_message_is_valid(arguments) ||
	    !trp_image_has(arguments->descriptor,
			   sizeof(*arguments->descriptor)))
		return -EINVAL;
	if (!trp_message_is_within(arguments, TRP_MESSAGE_DEPTH) ||
	    trp_message_size(arguments) > TRP_MESSAGE_MAX)
		return -EMSGSIZE;
	birth->type = (uintptr_t)arguments->descriptor;
	return trp_message_to_bytes(arguments, &birth->arguments);
}

/* Room for mail that the receiver will drop, if it drops the oldest. */
static uint32_t limit_of(const struct troupe_class *klass)
{
	if (klass->when_full != TROUPE_FULL_DROP_OLD)
		return klass->mailbox_limit;
	return 2 * trp_take_limit(klass);
}

static bool has_handlers(const struct troupe_handler *handler)
{
	bool is_there = trp_image_has(handler, sizeof(*handler));

	for (; is_there && handler->type; handler++)
		is_there = trp_image_has(handler + 1, sizeof(*handler));
	return is_there;
}

/* The methods follow only in one that protoc-c has made. */
static bool has_service(const ProtobufCService *service)
{
	if (!trp_image_has(service, sizeof(*service)))
		return false;
	return service->invoke != protobuf_c_service_invoke_internal ||
	       trp_image_has(service + 1, service->descriptor->n_methods *
						  sizeof(void (*)(void)));
}

/* The new process has nothing that the caller has made or changed. */
static bool is_same_there(const struct troupe_class *klass)
{
	if (trp_image_has(klass, sizeof(*klass)) &&
	    (!klass->handlers || has_handlers(klass->handlers)) &&
	    (!klass->service || has_service(klass->service)))
		return true;
	troupe_log(TROUPE_WARNING,
		   "a class, its handlers and its methods must be static and "
		   "as they were before troupe_main(); a new actor would not "
		   "have this one");
	return false;
}

static int put_class(const struct troupe_class *klass,
		     Troupe__Control__Spawn *request)
{
	if (!klass || (klass->run && klass->mailbox) || !is_same_there(klass) ||
	    (klass->name && !trp_printable_is(klass->name)) ||
	    klass->hang_ms < 0 || klass->hang_signal < TROUPE_HANG_REPORT ||
	    klass->hang_signal >= NSIG || klass->grace_ms < -1 ||
	    klass->idle_ms < 0 ||
	    (klass->save && (klass->run || klass->mailbox)))
		return -EINVAL;
	request->of_class = (char *)(klass->name ? klass->name : "actor");
	request->birth->label = request->of_class;
	request->birth->klass = (uintptr_t)klass;
	request->grace_ms = klass->grace_ms;
	request->mailbox_limit = limit_of(klass);
	request->when_full = klass->when_full;
	request->restart = klass->restart;
	request->hang_ms = klass->hang_ms;
	request->hang_signal = klass->hang_signal;
	request->supervises = klass->supervises != NULL;
	request->sleeps = klass->save != NULL;
	return 0;
}

int trp_actor_spawn_describe(const struct troupe_class *klass,
			     const ProtobufCMessage *arguments,
			     Troupe__Control__Spawn *request)
{
	int r = put_class(klass, request);

	return r < 0 ? r : put_arguments(request->birth, arguments);
}

/* Spawns a class, or (klass NULL) the function `run`. */
static int spawn(const struct troupe_class *klass, int (*run)(const void *),
		 const struct troupe_spawn_options *options,
		 const ProtobufCMessage *arguments, troupe_ref *ret_ref)
{
	const char *name = options->name ? options->name : options->child;
	Troupe__Control__Birth birth = TROUPE__CONTROL__BIRTH__INIT;
	Troupe__Control__Spawn request = TROUPE__CONTROL__SPAWN__INIT;
	int r;

	if (trp_self.is_guest)
		return -ENOTSUP; /* no other process has its addresses */
	if (trp_self.is_ending ||
	    (options->ready_by.ns > 0 && trp_self.ref && troupe_is_stopping()))
		return -ECANCELED;
	request.birth = &birth;
	birth.parent = trp_self.ref;
	birth.run = (uintptr_t)run;
	birth.label = "function";
	r = run ? put_arguments(&birth, arguments)
		: trp_actor_spawn_describe(klass, arguments, &request);
	if (r < 0)
		return r;
	if (name && (!*name || (options->name && options->child)))
		r = -EINVAL;
	else if (name)
		birth.label = (char *)name;
	if (options->name)
		request.name = (char *)name;
	else if (options->child)
		request.child = (char *)name;
	if (options->restart)
		request.restart = options->restart;
	request.is_linked = options->is_linked;
	request.tag = options->tag;
	request.ready_by = options->ready_by.ns;
	if (options->ready_by.ns < 0)
		r = -EINVAL;
	if (options->ret_monitor)
		request.watch = trp_monitor_id();
	if (r < 0)
		goto out;
	/* Counted first: its end may be reported before the answer is read. */
	trp_self.children++;
	r = request.ready_by ? trp_actor_request_late(&request.base, ret_ref)
			     : trp_actor_request(&request.base, ret_ref);
	if (r == -ECANCELED)
		goto out; /* it may be there, and is stopped as a child */
	if (r < 0)
		trp_self.children--;
	else if (options->ret_monitor)
		*options->ret_monitor = request.watch;
out:
	free(birth.arguments.data);
	return r;
}

int troupe_spawn_with(const struct troupe_spawn_options *options,
		      const struct troupe_class *klass,
		      const ProtobufCMessage *arguments, troupe_ref *ret_ref)
{
	static const struct troupe_spawn_options none;

	return spawn(klass, NULL, options ? options : &none, arguments,
		     ret_ref);
}

int troupe_spawn(const struct troupe_class *klass,
		 const ProtobufCMessage *arguments, troupe_ref *ret_ref)
{
	return troupe_spawn_with(NULL, klass, arguments, ret_ref);
}

int troupe_spawn_named(const char *name, const struct troupe_class *klass,
		       const ProtobufCMessage *arguments, troupe_ref *ret_ref)
{
	const struct troupe_spawn_options options = { .name = name };

	return name ? spawn(klass, NULL, &options, arguments, ret_ref)
		    : -EINVAL;
}

int troupe_spawn_child(const char *name, const struct troupe_class *klass,
		       const ProtobufCMessage *arguments, troupe_ref *ret_ref)
{
	const struct troupe_spawn_options options = { .child = name };

	return name ? spawn(klass, NULL, &options, arguments, ret_ref)
		    : -EINVAL;
}

int troupe_spawn_function(int (*run)(const void *arguments),
			  const ProtobufCMessage *arguments,
			  troupe_ref *ret_ref)
{
	const struct troupe_spawn_options options = { 0 };

	return run && trp_image_has((const void *)(uintptr_t)run, 1)
		       ? spawn(NULL, run, &options, arguments, ret_ref)
		       : -EINVAL;
}
