/* SPDX-License-Identifier: MIT */
/*
 * The beacon's life in the supervisor.  A message from the bus actor comes as a
 * request, and reaches the beacon before the timer ticks, since a turn of the
 * supervisor takes requests first.  Each call of the beacon is followed by
 * settle(), which acts on its changes, outside of its callbacks.
 */
#include "runtime/mesh/mesh.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include "ipc/bus/kinds.h"
#include "runtime/election/beacon_receive.h"
#include "runtime/mesh/beacon_event.pb-c.h"
#include "runtime/mesh/bus_actor.h"
#include "runtime/mesh/mesh.pb-c.h"
#include "runtime/mesh/news.h"
#include "runtime/mesh/pack.h"
#include "runtime/mesh/requests.h"
#include "runtime/mesh/singleton.h"
#include "runtime/mesh/steer.h"
#include "runtime/mesh/subscribers.h"
#include "runtime/supervisor/notify.h"
#include "runtime/supervisor/requests.h"
#include "runtime/supervisor/supervisor.h"
#include "serialize/beacon/codecs.h"

enum {
	CLASHES_MOST = 5,
	UNANSWERED_MOST = 64,
	HUNG_MS = 60 * 1000, /* longer than a resolver takes to give up */
	SERF_MOST = 512,
};

static void settle(struct trp_mesh *mesh);

/* ---- callbacks of the beacon -------------------------------------------- */

/*
 * A bus actor that does not answer may hang in its client library: then it gets
 * no more messages, and is finally killed.
 */
static bool is_bus_well(struct trp_mesh *mesh)
{
	struct trp_restart *bus = &mesh->bus;

	if (!bus->ref)
		return false;
	if (!mesh->unanswered ||
	    troupe_now().ns - mesh->asked.ns < HUNG_MS * INT64_C(1000000))
		return mesh->unanswered < UNANSWERED_MOST;
	troupe_log(TROUPE_WARNING, "the bus actor hangs, and is killed");
	trp_notify_kill(mesh->supervisor, trp_ref_slot(bus->ref));
	return false;
}

static void on_send(void *user, const struct trp_wire *message)
{
	struct trp_mesh *mesh = user;
	Troupe__Mesh__Say say = TROUPE__MESH__SAY__INIT;
	struct trp_mesh_pack_encoded packed;

	if (!mesh->is_up || !is_bus_well(mesh)) {
		mesh->unsaid++;
		return;
	}
	trp_mesh_pack_encode(message, &packed);
	say.wire = &packed.wire;
	say.gap_s = trp_beacon_config(mesh->beacon)->gap_s;
	if (trp_notify_send(mesh->supervisor, trp_ref_slot(mesh->bus.ref),
			    &say.base) < 0) {
		mesh->unsaid++;
		return;
	}
	if (!mesh->unanswered++)
		mesh->asked = troupe_now();
}

static double on_random(void *user)
{
	uint64_t bits = 0;

	if (getrandom(&bits, sizeof(bits), 0) != sizeof(bits))
		bits = (uint64_t)trp_time_now().ns *
		       UINT64_C(0x9e3779b97f4a7c15);
	return (double)(bits >> 11) * 0x1p-53;
}

static void note_it(struct trp_mesh *mesh, const char *node)
{
	snprintf(mesh->it, sizeof(mesh->it), "%s", node ? node : "");
	mesh->are_members_stale = true;
}

static void tell_healed(struct trp_mesh *mesh,
			const struct trp_beacon_event *event)
{
	const struct troupe_mesh_event healed = {
		.kind = TROUPE_MESH_HEALED,
		.prio = (unsigned)event->prio,
		.is_replaced = event->is_replaced,
		.local = event->local.at,
		.local_count = event->local.count,
		.remote = event->remote.at,
		.remote_count = event->remote.count,
	};

	trp_mesh_subscribers_tell(mesh, &healed);
}

static void start(struct trp_mesh *mesh)
{
	trp_dialect_begin(&mesh->voice.dialect);
	trp_beacon_start(mesh->beacon, trp_time_now());
}

static int begin_again(struct troupe_timer *timer)
{
	struct trp_mesh *mesh = timer->data;

	if (mesh->is_up)
		start(mesh);
	settle(mesh);
	return 0;
}

/* Random, so that two nodes of one name do not stay in step. */
static void begin_later(struct trp_mesh *mesh)
{
	int64_t cycle_ms = trp_beacon_cycle_max_ns(mesh->beacon) / 1000000;

	mesh->due.fired = begin_again;
	trp_timers_start(&mesh->supervisor->timers, &mesh->due,
			 troupe_in_ms((int64_t)((1 + on_random(mesh)) *
						(double)cycle_ms)));
}

static void give_up(struct trp_mesh *mesh, int error)
{
	const struct troupe_mesh_event told = { .kind = TROUPE_MESH_LOST,
						.error = error };

	troupe_log(TROUPE_WARNING,
		   "another node of the mesh %s is called %s too: this one "
		   "goes on without the mesh; give it another --node",
		   mesh->options->name, mesh->node);
	mesh->is_lost = true;
	mesh->is_up = false;
	mesh->bus_error = error;
	trp_restart_stop(&mesh->bus, 1000);
	trp_mesh_subscribers_tell(mesh, &told);
}

/* Both are it in between: only the number of clashes counts. */
static int count_clash(struct trp_mesh *mesh)
{
	enum { CYCLES_OF_PEACE = 20 };
	struct troupe_time now = troupe_now();

	if (now.ns - mesh->clashed.ns >
	    CYCLES_OF_PEACE * trp_beacon_cycle_max_ns(mesh->beacon))
		mesh->clashes = 0;
	mesh->clashed = now;
	return ++mesh->clashes;
}

/* Its bus is up, but does not deliver what this node sends, or not to it. */
static void be_deaf(struct trp_mesh *mesh)
{
	const struct troupe_mesh_event told = { .kind = TROUPE_MESH_DEAF };

	if (!mesh->is_deaf)
		troupe_log(TROUPE_WARNING,
			   "mesh %s: this node does not hear its own messages "
			   "on %s: look at the permissions of the bus; "
			   "it claims nothing until it does",
			   mesh->options->name, mesh->channel);
	mesh->is_deaf = true;
	trp_mesh_subscribers_tell(mesh, &told);
}

static void hear(struct trp_mesh *mesh, const struct trp_wire *message)
{
	trp_dialect_hear(&mesh->voice.dialect, mesh->beacon, message);
	if ((message->type == TRP_WIRE_INIT ||
	     message->type == TRP_WIRE_PING) &&
	    strcmp(message->node, mesh->node) == 0)
		mesh->is_deaf = false;
	trp_mesh_news_hear(mesh, message);
}

static void on_failed(struct trp_mesh *mesh, int error)
{
	note_it(mesh, NULL);
	if (error == -ETIMEDOUT)
		be_deaf(mesh);
	if (error == -EEXIST && count_clash(mesh) > CLASHES_MOST) {
		give_up(mesh, error);
		return;
	}
	if (error == -EEXIST)
		troupe_log(TROUPE_WARNING,
			   "a node called %s is in the mesh %s already; this "
			   "one joins again",
			   mesh->node, mesh->options->name);
	begin_later(mesh);
}

static void on_event(void *user, const struct trp_beacon_event *event)
{
	struct trp_mesh *mesh = user;
	struct troupe_mesh_event told = { .node = event->node };

	trp_leadership_event(&mesh->leadership, mesh->beacon, event,
			     trp_time_now());
	switch (event->type) {
	case TRP_BEACON_TAG:
		told.kind = TROUPE_MESH_IT;
		break;
	case TRP_BEACON_UNTAG:
	case TRP_BEACON_DETAG:
		told.kind = TROUPE_MESH_NOT_IT;
		break;
	case TRP_BEACON_PING:
		told.kind = TROUPE_MESH_OTHER_IT;
		break;
	case TRP_BEACON_RECOVER:
		tell_healed(mesh, event);
		return;
	case TRP_BEACON_FAILED:
		on_failed(mesh, event->error);
		return;
	case TRP_BEACON_SETUP:
		told.kind = TROUPE_MESH_SETUP;
		told.version = event->config->version;
		trp_mesh_subscribers_tell(mesh, &told);
		return;
	case TRP_BEACON_DEAF:
		be_deaf(mesh);
		return;
	case TRP_BEACON_CLASH:
		troupe_log(TROUPE_WARNING,
			   "another node called %s joins the mesh %s, and is "
			   "told that this one is here",
			   mesh->node, mesh->options->name);
		return;
	case TRP_BEACON_RAW:
		hear(mesh, event->message);
		return;
	case TRP_BEACON_GOOD_NODE:
	case TRP_BEACON_EVENTS:
		return;
	}
	note_it(mesh, event->node);
	trp_mesh_subscribers_tell(mesh, &told);
}

static const struct trp_beacon_calls calls = {
	.send = on_send,
	.event = on_event,
	.random = on_random,
	.value = trp_mesh_voice_value,
	.note = trp_mesh_voice_note,
};

/* ---- after each call of the beacon -------------------------------------- */

static void tell_who(void *user, const char *node, bool has_come)
{
	const struct troupe_mesh_event told = {
		.kind = has_come ? TROUPE_MESH_CAME : TROUPE_MESH_WENT,
		.node = node,
	};

	trp_mesh_subscribers_tell(user, &told);
}

static int tick(struct troupe_timer *timer)
{
	struct trp_mesh *mesh = timer->data;

	trp_beacon_tick(mesh->beacon, trp_time_now());
	settle(mesh);
	return 0;
}

static void settle(struct trp_mesh *mesh)
{
	struct trp_timers *timers = &mesh->supervisor->timers;
	struct trp_time deadline = trp_beacon_deadline(mesh->beacon);

	if (mesh->are_members_stale) {
		mesh->are_members_stale = false;
		trp_mesh_members_look(&mesh->members, mesh->beacon,
				      trp_time_now(), tell_who, mesh);
	}
	trp_mesh_singleton_look(mesh);
	if (deadline.ns == TRP_NEVER.ns)
		return; /* a pending start stays */
	mesh->due.fired = tick;
	trp_timers_start(timers, &mesh->due,
			 (struct troupe_time) { deadline.ns });
}

/* ---- messages of the bus actor ------------------------------------------ */

/* The mesh if the request is from its bus actor; or NULL. */
static struct trp_mesh *mesh_of(const struct trp_request *request)
{
	struct trp_mesh *mesh = request->module;

	return !mesh->is_lost && mesh->bus.ref == request->sender ? mesh : NULL;
}

static int on_heard(struct trp_request *request)
{
	const Troupe__Mesh__Heard *heard = request->message;
	struct trp_mesh *mesh = mesh_of(request);
	struct trp_mesh_pack_decoded unpacked;

	if (!mesh)
		return -EPERM;
	if (!heard->wire || trp_mesh_pack_decode(heard->wire, &unpacked) < 0) {
		trp_beacon_malformed(mesh->beacon);
		return 0;
	}
	trp_beacon_receive(mesh->beacon, &unpacked.wire, trp_time_now());
	settle(mesh);
	return 0;
}

static void bus_changed(struct trp_mesh *mesh, bool is_up, int error)
{
	const struct troupe_mesh_event told = {
		.kind = is_up ? TROUPE_MESH_UP : TROUPE_MESH_DOWN,
		.error = error,
	};
	bool is_news =
		is_up != mesh->is_up || (error && error != mesh->bus_error);

	if (is_up && mesh->bus_error)
		mesh->leader_missed.ns =
			trp_time_now().ns +
			2 * trp_beacon_cycle_max_ns(mesh->beacon);
	mesh->is_up = is_up;
	mesh->bus_error = error;
	if (!is_news)
		return;
	troupe_log(is_up ? TROUPE_INFO : TROUPE_WARNING,
		   "mesh %s: %s is %s%s%s", mesh->options->name, mesh->channel,
		   is_up ? "up" : "down", error ? ": " : "",
		   error ? trp_bus_reason(error) : "");
	trp_mesh_subscribers_tell(mesh, &told);
}

static int on_changed(struct trp_request *request)
{
	const Troupe__Mesh__Changed *changed = request->message;
	struct trp_mesh *mesh = mesh_of(request);

	if (!mesh)
		return -EPERM;
	bus_changed(mesh, changed->error == 0, changed->error);
	/* It has started already, or is about to; or it could not before. */
	if (changed->error == 0 && !mesh->due.place)
		start(mesh);
	settle(mesh);
	return 0;
}

static int on_said(struct trp_request *request)
{
	const Troupe__Mesh__Said *said = request->message;
	struct trp_mesh *mesh = mesh_of(request);

	if (!mesh)
		return -EPERM;
	mesh->lost = said->lost;
	if (mesh->unanswered)
		mesh->unanswered--;
	mesh->asked = troupe_now();
	return 0;
}

/* ---- orders ------------------------------------------------------------- */

static int on_steer(struct trp_request *request)
{
	int r = trp_mesh_steer(request->module, request->message);

	settle(request->module);
	return r;
}

static int ask_steer(struct trp_control_session *session, const void *message)
{
	int r = trp_mesh_steer(session->module, message);

	settle(session->module);
	return r;
}

static void bus_has_ended(struct trp_restart *restart)
{
	struct trp_mesh *mesh = restart->data;

	mesh->unanswered = 0;
	if (!mesh->supervisor->is_ending && !mesh->is_lost)
		bus_changed(mesh, false, -EPIPE);
}

/* ---- the beginning and the end ------------------------------------------ */

const char *trp_mesh_codec(const struct trp_bus_kind *kind)
{
	bool has_msgpack = trp_codecs_find("msgpack");

	if (trp_codecs_find("cbor") &&
	    (strcmp(kind->name, "serf") != 0 || !has_msgpack))
		return "cbor";
	return has_msgpack ? "msgpack" : NULL;
}

static int open_beacon(struct trp_mesh *mesh)
{
	const struct trp_beacon_options options = {
		.node = mesh->node,
		.config = mesh->options->config,
		.wants_raw = true,
	};
	int r;

	r = trp_leadership_init(&mesh->leadership, mesh->node,
				mesh->incarnation, mesh->options->is_roving);
	if (r == 0)
		r = trp_beacon_new(&mesh->beacon, &options, &calls, mesh);
	if (r == 0)
		trp_beacon_set_ready(mesh->beacon, true);
	mesh->is_ready = true;
	if (r == 0 && !mesh->options->is_enabled)
		trp_beacon_disable(mesh->beacon);
	if (r == 0 && mesh->options->is_plain)
		trp_dialect_stay_plain(&mesh->voice.dialect, mesh->beacon);
	return r;
}

static int open_bus(struct trp_mesh *mesh)
{
	struct trp_bus_address address;
	int r = trp_bus_address_parse(mesh->options->bus, mesh->options->name,
				      &address);

	if (r < 0)
		return r;
	trp_bus_address_describe(&address, mesh->channel,
				 sizeof(mesh->channel));
	mesh->value_max = TRP_WIRE_SIZE_MAX;
	mesh->carries_mail = address.kind->mail;
	if (strcmp(address.kind->name, "serf") == 0)
		mesh->value_max = SERF_MOST - strlen(address.path);
	r = trp_restart_keep(&mesh->bus, mesh->supervisor, &trp_mesh_bus_actor);
	mesh->bus.ended = bus_has_ended;
	mesh->bus.data = mesh;
	return r;
}

static int open_mesh(struct trp_supervisor *supervisor,
		     const struct trp_options *options, void **ret_state)
{
	struct trp_mesh *mesh;
	int r;

	if (!options->mesh.bus[0])
		return 0;
	mesh = calloc(1, sizeof(*mesh));
	if (!mesh)
		return -ENOMEM;
	mesh->supervisor = supervisor;
	mesh->options = &options->mesh;
	mesh->node = options->node;
	mesh->incarnation = (uint64_t)trp_mesh_calendar_ms();
	mesh->due.data = mesh;
	*ret_state = mesh;
	r = open_beacon(mesh);
	return r < 0 ? r : open_bus(mesh);
}

/* No singleton may run here when others start theirs. */
static void leave_mesh(void *state)
{
	struct trp_mesh *mesh = state;

	trp_leadership_stop(&mesh->leadership);
	trp_mesh_singleton_look(mesh);
}

static void close_mesh(void *state)
{
	struct trp_mesh *mesh = state;

	trp_timers_cancel(&mesh->supervisor->timers, &mesh->due);
	trp_mesh_singleton_fini(mesh);
	trp_mesh_subscribers_fini(mesh);
	trp_mesh_members_fini(&mesh->members);
	trp_restart_fini(&mesh->bus);
	trp_beacon_free(mesh->beacon);
	trp_scalar_fini(&mesh->voice.own);
	free(mesh);
}

static const ProtobufCMessageDescriptor *const types[] = {
	&troupe__beacon_event__descriptor,
	NULL,
};

static const struct trp_request_kind requests[] = {
	{ &troupe__mesh__heard__descriptor, .handle = on_heard },
	{ &troupe__mesh__changed__descriptor, .handle = on_changed },
	{ &troupe__mesh__said__descriptor, .handle = on_said },
	{ &troupe__mesh__subscribe__descriptor,
	  .handle = trp_mesh_requests_subscribe },
	{ &troupe__mesh__look__descriptor, .handle = trp_mesh_requests_look },
	{ &troupe__mesh__offer__descriptor, .handle = trp_mesh_requests_offer },
	{ &troupe__mesh__singleton__descriptor,
	  .handle = trp_mesh_singleton_request },
	{ &troupe__mesh__steer__descriptor, .handle = on_steer,
	  .ask = ask_steer },
	{ &troupe__mesh__status__descriptor, .ask = trp_mesh_requests_status },
	{ &troupe__mesh__watch__descriptor, .ask = trp_mesh_requests_watch },
	{ 0 },
};

const struct trp_module trp_mesh_module = {
	.closed = "this node is in no mesh: it was started without --beacon",
	.types = types,
	.requests = requests,
	.open = open_mesh,
	.leave = leave_mesh,
	.close = close_mesh,
};
