/* SPDX-License-Identifier: MIT */
/*
 * A guest: a process that asks to be an actor.  It gets its slot and the arena,
 * which others get by the fork, from the control socket.  Its connection is one
 * of the descriptors that it sleeps on; when it ends, so does the membership.
 *
 *	slot in our front, no exit record	until we have left
 *	exit record, then unmapped, then closed	in this order: the supervisor's
 *						guest.h says why
 */
#include "runtime/troupe_guest.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "ipc/wake_socket.h"
#include "runtime/actor/away_watch.h"
#include "runtime/actor/alias.h"
#include "runtime/actor/call.h"
#include "runtime/actor/overflow.h"
#include "runtime/actor/receive.h"
#include "runtime/actor/report.h"
#include "runtime/actor/target_watch.h"
#include "runtime/control/client.h"
#include "runtime/control/control.pb-c.h"
#include "runtime/node/dead_letter.h"
#include "runtime/node/types.h"
#include "serialize/printable.h"

/* The descriptors that come with Joined. */
enum { ARENA, WAKE_SOCKET, FDS };

static struct trp_client client = { .fd = -1 };
static struct trp_node node;
static struct troupe_class own_class;
static struct trp_watch connection;

/* Never called: its presence makes this a function actor. */
static int run_elsewhere(const void *arguments)
{
	return -ENOTSUP;
}

/* ---- the end ------------------------------------------------------------- */

static void be_over(void)
{
	trp_self.ref = 0;
	trp_self.is_stopping = true;
	trp_wait_remove(&trp_self.wait, &connection);
}

/* The node sends nothing more: readiness means its end. */
static void on_connection(struct trp_watch *watch, uint32_t events)
{
	be_over();
}

/* An actor that missed a report must not go on; our process may. */
static void on_lost(int code, const char *text)
{
	be_over();
}

/* Checks now and then whether it is still a member. */
static int may_send(troupe_ref to)
{
	enum { LOOK_EVERY = 64 };
	static unsigned calls;

	if (++calls % LOOK_EVERY == 0)
		trp_wait_poll(&trp_self.wait);
	return trp_self.ref ? 0 : -ESHUTDOWN;
}

static const struct trp_routes routes = {
	.message = trp_receive_offer,
	.end = trp_receive_offer_end,
	.may_send = may_send,
	.lost = on_lost,
};

/* A child has neither the arena nor our slot. */
static void on_fork(void)
{
	if (!trp_self.is_guest)
		return;
	close(client.fd);
	client.fd = -1;
	trp_self = (struct trp_self) { .klass = &own_class };
}

static void drop_exits(struct trp_exit_queue *queue)
{
	while (queue->first)
		trp_exit_queue_free(trp_exit_queue_pop(queue));
}

static void leave_exit_record(void)
{
	const struct troupe_reason *reason = trp_report_reason();

	if (reason)
		trp_status_write_exit(trp_self.status, reason->cause,
				      reason->code, reason->text);
	else
		trp_status_write_exit(trp_self.status,
				      trp_self.is_stopping ? TROUPE_SHUTDOWN
							   : TROUPE_NORMAL,
				      0, NULL);
}

static void leave_arena(void)
{
	struct trp_timers *timers = &trp_self.timers;

	assert(!trp_self.ref || !trp_self.is_guest); /* nobody sends any more */
	trp_dead_letter_leave();
	while (timers->count)
		trp_timers_cancel(timers, timers->at[0]);
	trp_timers_fini(timers);
	trp_wait_fini(&trp_self.wait);
	trp_mailbox_fini(&trp_self.mailbox);
	leave_exit_record();
	trp_arena_fini(&node.arena);
}

/* Releases every page and every descriptor. */
static void give_up(void)
{
	trp_self.ref = 0;
	trp_call_leave();
	trp_target_watch_leave();
	trp_away_watch_leave();
	trp_alias_leave();
	trp_receive_leave();
	trp_overflow_leave();
	drop_exits(&trp_self.exits);
	drop_exits(&trp_self.unclaimed);
	drop_exits(&trp_self.given);
	trp_wait_remove(&trp_self.wait, &connection);
	leave_arena();
	trp_scratch_fini(&trp_self.scratch);
	trp_self = (struct trp_self) { .klass = &own_class };
	shutdown(client.fd, SHUT_RDWR);
	trp_client_close(&client);
}

int troupe_leave(void)
{
	if (!trp_self.is_guest || trp_self.is_busy)
		return -EINVAL;
	give_up();
	return 0;
}

/* ---- the beginning ------------------------------------------------------- */

static int take_class(const struct troupe_class *klass)
{
	static const struct troupe_class guest = { .name = "guest" };

	if (!klass)
		klass = &guest;
	if (klass->init || klass->run || klass->stop || klass->handlers ||
	    klass->idle || klass->child_stopped ||
	    klass->when_full == TROUPE_FULL_DROP_OLD ||
	    (klass->name && !trp_printable_is(klass->name)) ||
	    klass->grace_ms < -1)
		return -EINVAL;
	assert(!trp_self.ref);
	own_class = *klass;
	own_class.run = run_elsewhere;
	return 0;
}

static int ask(const struct trp_self *actor,
	       const Troupe__Guest__Joined **ret_joined)
{
	Troupe__Guest__Join join = TROUPE__GUEST__JOIN__INIT;
	const ProtobufCMessage *item = NULL;
	int r;

	join.label = (char *)actor->label;
	join.mailbox_limit = own_class.mailbox_limit;
	join.when_full = own_class.when_full;
	join.grace_ms = own_class.grace_ms;
	r = trp_client_ask(&client, &join.base);
	if (r == 0)
		r = trp_client_next(&client, &troupe__guest__joined__descriptor,
				    FDS, &item);
	if (r < 0)
		return r;
	if (!item || client.packet.fds != FDS) {
		while (client.packet.fds)
			close(client.packet.fd[--client.packet.fds]);
		snprintf(client.why, sizeof(client.why),
			 "node %s speaks another version", client.node);
		return -EPROTO;
	}
	*ret_joined = (const Troupe__Guest__Joined *)item;
	return 0;
}

static int watch_connection(void)
{
	connection = (struct trp_watch) { .fd = client.fd,
					  .events = POLLIN,
					  .ready = on_connection };
	return trp_wait_add(&trp_self.wait, &connection);
}

static int enter(const Troupe__Guest__Joined *joined)
{
	int r = trp_arena_join(&node.arena, client.packet.fd[ARENA],
			       joined->slots, joined->heap_size);

	trp_wake_socket_set_node(joined->identity);
	trp_wake_socket_adopt(client.packet.fd[WAKE_SOCKET], joined->slot,
			      joined->wake_number);
	if (r == 0 && (joined->slot >= joined->slots || !joined->slot ||
		       !joined->generation))
		r = -EPROTO;
	if (r == 0)
		r = trp_ref_set_here(joined->run);
	trp_scratch_init(&trp_self.scratch, 0);
	if (r == 0)
		r = trp_self_enter(&node, joined->slot, joined->generation);
	trp_self.mailbox.region.budget.is_alone = true;
	if (r == 0)
		r = trp_arena_keep(&node.arena);
	if (r == 0)
		r = watch_connection();
	if (r < 0 && trp_self.status)
		leave_arena();
	else if (r < 0)
		trp_arena_fini(&node.arena);
	if (r < 0)
		trp_wake_socket_fini();
	return r;
}

static int join_node(void)
{
	const Troupe__Guest__Joined *joined = NULL;
	char why[160];
	int r = trp_wait_probe(&node.wait, why);

	if (r < 0) {
		snprintf(client.why, sizeof(client.why), "%s", why);
		trp_client_close(&client);
		return r;
	}
	snprintf(trp_self.label, sizeof(trp_self.label), "%s",
		 own_class.name ? own_class.name : "guest");
	trp_self.klass = &own_class;
	r = ask(&trp_self, &joined);
	if (r == 0) {
		r = enter(joined);
		if (r < 0)
			snprintf(client.why, sizeof(client.why),
				 "cannot map the memory of node %s: %s%s",
				 client.node, strerror(-r),
				 r == -ENOMEM ? "; run it with smaller --slots "
						"or --heap"
					      : "");
	}
	if (r < 0) {
		trp_scratch_fini(&trp_self.scratch);
		trp_self = (struct trp_self) { .klass = &own_class };
		trp_client_close(&client);
		return r;
	}
	trp_self.routes = &routes;
	trp_self.is_guest = true;
	return 0;
}

static int explain(int r, const char *text, char why[TROUPE_TEXT_SIZE])
{
	if (why)
		snprintf(why, TROUPE_TEXT_SIZE, "%.*s", TROUPE_TEXT_SIZE - 1,
			 text);
	return r;
}

int troupe_join(const char *name, const struct troupe_class *klass,
		char why[TROUPE_TEXT_SIZE])
{
	static bool is_prepared;
	int r;

	if (trp_self.ref || trp_self.is_guest || trp_self.node)
		return explain(-EALREADY, "this process is an actor already",
			       why);
	if (take_class(klass) < 0)
		return explain(-EINVAL,
			       "a guest is a function actor: its class "
			       "has callbacks that it cannot have",
			       why);
	if (!is_prepared) {
		r = trp_types_begin();
		if (r == 0)
			r = -pthread_atfork(NULL, NULL, on_fork);
		if (r < 0)
			return explain(r, strerror(-r), why);
		is_prepared = true;
	}
	r = trp_client_open(&client, name);
	if (r == 0)
		r = join_node();
	return r < 0 ? explain(r, client.why, why) : 0;
}

int troupe_know(const ProtobufCMessageDescriptor *type)
{
	if (!type || type->magic != PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC)
		return -EINVAL;
	return trp_types_add(type);
}
