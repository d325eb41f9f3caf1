/* SPDX-License-Identifier: MIT */
#include "runtime/actor/fault.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>
#include "runtime/actor/self.h"

static struct trp_routes routes;
static struct troupe_class klass;
static ProtobufCService service;

static struct {
	troupe_ref to; /* 0: all */
	uint32_t left;
} refusal;

/* ---- a death with the next message --------------------------------------- */

static _Noreturn void die(void)
{
	for (;;)
		kill(getpid(), SIGKILL);
}

/* In its handler, for a successor and for those who look. */
static int die_of_message(const struct trp_mail *mail,
			  const struct trp_envelope *envelope)
{
	trp_self_begin_mail(TROUPE_DOING_MESSAGE, mail, envelope->type,
			    envelope);
	die();
}

static void die_of_call(ProtobufCService *called, unsigned method,
			const ProtobufCMessage *input, ProtobufCClosure reply,
			void *call)
{
	die();
}

static void doom(void)
{
	routes.message = die_of_message;
	klass = *trp_self.klass;
	if (klass.service) {
		service = *klass.service;
		service.invoke = die_of_call;
		klass.service = &service;
	}
	trp_self.klass = &klass;
}

/* ---- no room ------------------------------------------------------------- */

static int refuse(troupe_ref to)
{
	if (!refusal.left || to == TRP_REF_SUPERVISOR ||
	    (refusal.to && refusal.to != to))
		return 0;
	refusal.left--;
	return -EAGAIN;
}

void trp_fault_take(const Troupe__Control__Fault *fault)
{
	routes = *trp_self.routes;
	if (fault->is_death) {
		doom();
	} else {
		refusal.to = fault->to;
		refusal.left = fault->refusals;
		routes.may_send = refuse;
	}
	trp_self.routes = &routes;
}
