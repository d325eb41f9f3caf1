/* SPDX-License-Identifier: MIT */
#include "runtime/mail/actor.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include "ipc/mailbox_receive.h"
#include "runtime/actor/away.h"
#include "runtime/actor/away_news.h"
#include "runtime/actor/request.h"
#include "runtime/actor/self.h"
#include "runtime/actor/take.h"
#include "runtime/mail/chokes.h"
#include "runtime/mail/held.h"
#include "runtime/mail/inward.h"
#include "runtime/mail/mail.pb-c.h"
#include "runtime/mail/outward.h"
#include "runtime/mail/presence.h"
#include "runtime/mail/presence.pb-c.h"
#include "runtime/mail/service.h"
#include "runtime/mail/service.pb-c.h"
#include "runtime/mail/showing.h"
#include "runtime/mail/watches.h"
#include "runtime/node/away.pb-c.h"
#include "runtime/node/options.h"
#include "runtime/session/seal.h"
#include "runtime/troupe_restart.h"

static struct troupe_input input;
static struct troupe_timer timer; /* of the bus and the sessions */
static bool is_up, has_begun;

/* ---- callbacks of the sessions ------------------------------------------- */

static int on_send(void *user, uint32_t number, const uint8_t *frame,
		   size_t length, bool is_question)
{
	return trp_bus_send_to(trp_mail_post.bus, number, frame, length,
			       is_question);
}

/* All that is known of a session that is over ends, before anything of the next
 * one. */
static void end_session(struct trp_mail_peer *peer)
{
	trp_mail_outward_drop(peer);
	peer->has_ended = peer->is_waiting = peer->has_room = false;
	peer->is_refused = false;
	trp_mail_held_tell_lost(peer->number);
	trp_mail_watches_lost(peer->number);
	trp_mail_service_caller_ended(0, peer->number);
	peer->is_choked = false;
	trp_mail_chokes_lost(peer->number, peer->error);
}

/* Before its mail, so that this can be answered.  One turn of the bus may have
 * brought an end, too. */
static void on_up(void *user, uint32_t number)
{
	struct trp_mail_peer *peer =
		trp_mail_peers_find(&trp_mail_post.peers, number);

	if (peer && peer->has_ended)
		end_session(peer);
	trp_mail_chokes_found(number);
}

static bool on_deliver(void *user, uint32_t number, const uint8_t *payload,
		       size_t length)
{
	return trp_mail_inward_take(number, payload, length);
}

static void on_room(void *user, uint32_t number)
{
	struct trp_mail_peer *peer = trp_mail_post_peer(number);

	if (!peer)
		return;
	peer->has_room = true;
	trp_mail_post.is_stale = true;
}

static void on_lost(void *user, uint32_t number, const uint8_t *payload,
		    size_t length, bool may_have_arrived)
{
	trp_mail_outward_lost(number, payload, length);
}

static void on_down(void *user, uint32_t number, int error)
{
	struct trp_mail_peer *peer = trp_mail_post_peer(number);

	if (!peer)
		return;
	peer->has_ended = true;
	peer->error = error;
	trp_mail_post.is_stale = true;
}

static const struct trp_session_calls session_calls = {
	.send = on_send,
	.random = trp_mail_post_random,
	.up = on_up,
	.deliver = on_deliver,
	.room = on_room,
	.lost = on_lost,
	.down = on_down,
};

/* ---- callbacks of the bus ------------------------------------------------ */

static void on_receive(void *user, const void *frame, size_t length)
{
	if (!trp_mail_presence_receive(frame, length))
		trp_sessions_receive(trp_mail_post.sessions, frame, length,
				     trp_time_now());
}

static void on_nobody(void *user, uint32_t number)
{
	trp_sessions_gone(trp_mail_post.sessions, number, trp_time_now());
	trp_mail_presence_nobody(number);
}

static void on_writable(void *user)
{
	trp_sessions_resume(trp_mail_post.sessions, trp_time_now());
}

static void on_changed(void *user, int error)
{
	static int last = -ENOTCONN;

	is_up = !error;
	if (!error)
		trp_sessions_relink(trp_mail_post.sessions, trp_time_now());
	else
		trp_sessions_unlink(trp_mail_post.sessions, trp_time_now());
	trp_mail_presence_link(!error);
	if (error == last)
		return;
	last = error;
	troupe_log(error ? TROUPE_WARNING : TROUPE_INFO,
		   "mail to other nodes: the bus is %s%s%s",
		   error ? "down" : "up", error ? ": " : "",
		   error ? trp_bus_reason(error) : "");
}

static void on_broadcast(void *user, const void *payload, size_t length)
{
}

static const struct trp_bus_calls bus_calls = {
	.deliver = on_broadcast,
	.changed = on_changed,
	.receive = on_receive,
	.nobody = on_nobody,
	.writable = on_writable,
	.present = trp_mail_presence_here,
	.gone = trp_mail_presence_gone,
};

/* ---- after each of them -------------------------------------------------- */

static void settle_peer(struct trp_mail_peer *peer, struct trp_time now)
{
	if (peer->has_ended)
		end_session(peer);
	if (peer->has_room) {
		peer->has_room = peer->is_waiting = false;
		trp_mail_outward_flush(peer, now);
	}
	if (peer->is_refused && trp_mail_held_has_room(peer)) {
		peer->is_refused = false;
		trp_sessions_accept(trp_mail_post.sessions, peer->number, now);
	}
}

/* Does what the callbacks have noted, outside of them. */
static void settle(struct trp_time now)
{
	struct trp_mail_peers *peers = &trp_mail_post.peers;
	struct trp_mail_peer *peer, *next;

	while (trp_mail_post.is_stale) {
		trp_mail_post.is_stale = false;
		for (peer = peers->first; peer; peer = next) {
			next = peer->after;
			settle_peer(peer, now);
			if (trp_mail_peers_is_idle(peer))
				trp_mail_peers_remove(peers, peer);
		}
	}
	TRP_CHECK(trp_mail_peers_check(peers));
}

static int wake_up_later(void)
{
	int64_t ns = trp_bus_deadline(trp_mail_post.bus).ns;
	int64_t due = trp_sessions_deadline(trp_mail_post.sessions).ns;

	if (due < ns)
		ns = due;
	due = trp_mail_presence_deadline().ns;
	if (due < ns)
		ns = due;
	if (timer.place && timer.at.ns == ns)
		return 0;
	return troupe_timer_start(&timer, (struct troupe_time) { ns }, 0);
}

/* It is up for the first time: from now on there is a way to others. */
static int begin(void)
{
	Troupe__Mail__Begun begun = TROUPE__MAIL__BEGUN__INIT;

	int r = trp_actor_request(&begun.base, NULL);

	has_begun = true;
	if (r == 0)
		trp_mail_presence_begin(trp_mail_post.bus);
	return r;
}

/* Once, as there may be a flood of them. */
static void tell_refused(void)
{
	static bool is_told;

	if (is_told || !trp_sessions_counts(trp_mail_post.sessions)->refused)
		return;
	is_told = true;
	troupe_log(TROUPE_WARNING,
		   "mail of a node with another cookie, or with none, is "
		   "refused; `troupe doctor --mesh` looks at a mesh");
}

static int run(void)
{
	struct trp_time now = trp_time_now();
	int r = 0;

	trp_bus_run(trp_mail_post.bus, now);
	trp_sessions_tick(trp_mail_post.sessions, now);
	trp_mail_presence_tick(now);
	settle(now);
	tell_refused();
	if (!has_begun && is_up)
		r = begin();
	return r < 0 ? r : wake_up_later();
}

static int on_ready(struct troupe_input *ready, short events)
{
	return run();
}

static int on_time(struct troupe_timer *fired)
{
	return run();
}

/* As long as lanes bring more, frames are filled. */
static int on_flush(struct troupe_timer *flush)
{
	enum { PUT_OFF_MOST = 16 };
	struct trp_time now = trp_time_now();

	if (trp_mail_post.put_off++ < PUT_OFF_MOST &&
	    !trp_mailbox_receive_is_empty(&trp_self.mailbox, TRP_TAKE_ALL))
		return troupe_timer_start(flush, TROUPE_POLL, 0);
	trp_mail_outward_flush_all(now);
	settle(now);
	return wake_up_later();
}

static void on_departure(const struct trp_mail *mail,
			 const struct trp_envelope *envelope)
{
	trp_mail_watches_note(trp_mail_outward_take(mail, envelope), envelope);
}

/* ---- its life ------------------------------------------------------------ */

/* -EPROTONOSUPPORT: there is a cookie, and nothing to seal with. */
static int make_guard(const struct trp_mesh_options *options)
{
	if (!options->cookie_length)
		return 0;
#ifdef HAVE_LIBCRYPTO
	return trp_seal_new(&trp_mail_post.guard, options->cookie,
			    options->cookie_length, options->name);
#else
	return -EPROTONOSUPPORT;
#endif
}

static int open_bus(const struct trp_mesh_options *options)
{
	struct trp_sessions_options session = {
		.number = trp_ref_node(trp_ref_here),
		.outage_ns = options->outage_ms * INT64_C(1000000),
	};
	struct trp_bus_address address;
	int r = trp_bus_address_parse(options->bus, options->name, &address);

	if (r == 0)
		r = make_guard(options);
	session.guard = trp_mail_post.guard;
	if (r == 0)
		r = trp_sessions_new(&trp_mail_post.sessions, &session,
				     &session_calls, NULL);
	if (r == 0)
		r = trp_bus_open_mail(&trp_mail_post.bus, &address,
				      session.number, &bus_calls, NULL);
	if (r < 0)
		return r;
	trp_mail_presence_open(trp_mail_post.bus, trp_mail_post.guard);
	return trp_mail_presence_say(trp_mail_post.bus);
}

static int init(const void *arguments)
{
	int r = open_bus(&trp_self.node->options->mesh);

	if (r < 0)
		return r;
	trp_away_news_departs = on_departure;
	trp_mail_chokes_begin();
	timer.fired = on_time;
	trp_mail_post.flush.fired = on_flush;
	input = (struct troupe_input) { .fd = trp_bus_fd(trp_mail_post.bus),
					.events = POLLIN,
					.ready = on_ready };
	r = troupe_input_add(&input);
	if (r == 0)
		r = run();
	/* The sessions of a predecessor ended with it. */
	if (r == 0 && troupe_incarnation())
		trp_mail_held_tell_lost(0);
	return r;
}

static bool has_parcels(void)
{
	const struct trp_mail_peers *peers = &trp_mail_post.peers;

	for (struct trp_mail_peer *p = peers->first; p; p = p->after)
		if (p->head < p->tail || p->bulks.first)
			return true;
	return false;
}

/* Orders among it have their handlers, as they would before stop(). */
static void take_all(void)
{
	trp_self_end();
	while (trp_take(TRP_TAKE_ALL) > 0)
		;
	trp_self_begin(TROUPE_DOING_STOP);
}

/* Mail that was sent before the end goes out, and is acknowledged. */
static void see_off(void)
{
	enum { MOST_MS = 1000, LOOK_MS = 5 };
	struct pollfd ready = { trp_bus_fd(trp_mail_post.bus), POLLIN, 0 };
	struct trp_time now = trp_time_now();
	int64_t end = now.ns + MOST_MS * INT64_C(1000000);
	bool is_closed = false;

	while (now.ns < end &&
	       (!is_closed || trp_sessions_is_busy(trp_mail_post.sessions))) {
		if (!is_closed)
			take_all();
		trp_mail_outward_flush_all(now);
		if (!is_closed && !has_parcels()) {
			trp_sessions_close(trp_mail_post.sessions, now);
			is_closed = true;
			continue;
		}
		poll(&ready, 1, LOOK_MS);
		now = trp_time_now();
		trp_bus_run(trp_mail_post.bus, now);
		trp_sessions_tick(trp_mail_post.sessions, now);
		settle(now);
	}
}

static void stop(void)
{
	if (trp_mail_post.bus)
		see_off();
	trp_mail_held_fini();
	trp_mail_presence_close();
	trp_mail_peers_fini(&trp_mail_post.peers);
	trp_sessions_free(trp_mail_post.sessions);
	trp_bus_close(trp_mail_post.bus);
#ifdef HAVE_LIBCRYPTO
	trp_seal_free(trp_mail_post.guard);
#endif
}

static int on_attend(const struct troupe_message *message)
{
	trp_mail_presence_attend(trp_mail_post.bus, message);
	return run();
}

/* Of an actor of another node that watches one here, or had one started. */
static int on_ended(const struct troupe_message *message)
{
	const Troupe__Control__Ended *ended = message->body;
	uint32_t node = trp_ref_node(ended->ref);

	if (message->sender == trp_away_mail_of(node))
		trp_mail_service_caller_ended(ended->ref, 0);
	return trp_mail_watches_on_ended(message);
}

static int on_child_stopped(const struct troupe_end *end)
{
	trp_mail_showing_ended(end);
	return trp_mail_service_child_stopped(end);
}

/* Of actors and mail actors of other nodes, and of the supervisor; Room of this
 * one. */
static const struct troupe_handler handlers[] = {
	{ &troupe__presence__attend__descriptor, on_attend },
	{ &troupe__service__find__descriptor, trp_mail_service_find },
	{ &troupe__service__address__descriptor, trp_mail_service_address },
	{ &troupe__service__start__descriptor, trp_mail_service_start },
	{ &troupe__service__show__descriptor, trp_mail_showing_show },
	{ &troupe__away__watch__descriptor, trp_mail_watches_on_watch },
	{ &troupe__away__unlink__descriptor, trp_mail_watches_on_unlink },
	{ &troupe__control__stop__descriptor, trp_mail_watches_on_stop },
	{ &troupe__control__ended__descriptor, on_ended },
	{ &troupe__away__choke__descriptor, trp_mail_chokes_on_choke },
	{ &troupe__away__room__descriptor, trp_mail_chokes_on_room },
	{ NULL, NULL },
};

const struct troupe_class trp_mail_actor = {
	.name = "mesh-mail",
	.handlers = handlers,
	.down = trp_mail_watches_down,
	.child_stopped = on_child_stopped,
	.keeps_going = true,
	.init = init,
	.stop = stop,
	.grace_ms = 3000,
	.mailbox_limit = 8 << 20, /* to whichever node */
};
