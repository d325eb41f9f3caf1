/* SPDX-License-Identifier: MIT */
#include "runtime/mesh/bus_actor.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include "ipc/bus/bus.h"
#include "runtime/actor/post.h"
#include "runtime/mesh/mesh.pb-c.h"
#include "runtime/mesh/pack.h"
#include "runtime/node/options.h"
#include "serialize/beacon/codecs.h"

enum {
	HEARD_BURST = 4096, /* a thousand nodes that start at once send 3,000 */
	HEARD_A_SECOND = 1000,
};

static struct trp_bus *bus;
static const struct trp_codec *codec;
static struct troupe_input input;
static struct troupe_timer timer;
static uint64_t lost;

static int report(const ProtobufCMessage *message)
{
	struct trp_envelope envelope = trp_actor_post_envelope(TRP_CONTROL);

	return trp_actor_post(TRP_REF_SUPERVISOR, TRP_MAIL, &envelope, message,
			      NULL);
}

/* ---- receiving ---------------------------------------------------------- */

/* A bucket of tokens. */
static bool may_report(void)
{
	static double tokens = HEARD_BURST;
	static int64_t last_ns;
	int64_t now_ns = trp_time_now().ns;

	if (last_ns)
		tokens += (double)(now_ns - last_ns) / 1e9 * HEARD_A_SECOND;
	last_ns = now_ns;
	if (tokens > HEARD_BURST)
		tokens = HEARD_BURST;
	if (tokens < 1)
		return false;
	tokens--;
	return true;
}

static void on_deliver(void *user, const void *payload, size_t length)
{
	Troupe__Mesh__Heard heard = TROUPE__MESH__HEARD__INIT;
	struct trp_mesh_pack_encoded packed;
	struct trp_wire wire;
	int r = trp_wire_decode(codec, payload, length, &wire);

	if (r == 0) {
		trp_mesh_pack_encode(&wire, &packed);
		heard.wire = &packed.wire;
	}
	if (!may_report() || report(&heard.base) < 0)
		lost++;
	if (r == 0)
		trp_wire_fini(&wire);
}

static void on_changed(void *user, int error)
{
	Troupe__Mesh__Changed changed = TROUPE__MESH__CHANGED__INIT;

	changed.error = error;
	report(&changed.base);
}

/* ---- sending ------------------------------------------------------------ */

static int run(void)
{
	trp_bus_run(bus, trp_time_now());
	return troupe_timer_start(
		&timer, (struct troupe_time) { trp_bus_deadline(bus).ns }, 0);
}

/* Old beacon messages are worse than none. */
static bool is_stale(const struct troupe_message *message, double gap_s)
{
	return (double)(troupe_now().ns - message->created.ns) > gap_s * 1e9;
}

static void say(const Troupe__Mesh__Wire *packed)
{
	static char bytes[TRP_WIRE_SIZE_MAX];
	struct trp_writer writer = { .data = bytes, .space = sizeof(bytes) };
	struct trp_mesh_pack_decoded unpacked;
	int r = -EBADMSG;

	if (packed)
		r = trp_mesh_pack_decode(packed, &unpacked);
	if (r == 0)
		r = trp_wire_encode(codec, &unpacked.wire, &writer);
	if (r == 0)
		r = trp_bus_send(bus, bytes, writer.length);
	if (r < 0 && r != -ENOTCONN)
		troupe_log(TROUPE_WARNING, "cannot send %zu bytes: %s",
			   writer.length, strerror(-r));
	lost += r < 0;
}

static int on_say(const struct troupe_message *message)
{
	const Troupe__Mesh__Say *order = message->body;
	Troupe__Mesh__Said said = TROUPE__MESH__SAID__INIT;

	if (message->sender)
		return 0; /* only the supervisor may send to it */
	if (is_stale(message, order->gap_s))
		lost++;
	else
		say(order->wire);
	said.lost = lost + trp_bus_lost(bus);
	report(&said.base);
	return run();
}

/* ---- its life ----------------------------------------------------------- */

static const struct trp_bus_calls calls = { .deliver = on_deliver,
					    .changed = on_changed };

static int on_ready(struct troupe_input *ready, short events)
{
	return run();
}

static int on_time(struct troupe_timer *fired)
{
	return run();
}

static int init(const void *arguments)
{
	const struct trp_mesh_options *options = &trp_self.node->options->mesh;
	struct trp_bus_address address;
	int r = trp_bus_address_parse(options->bus, options->name, &address);

	if (r < 0)
		return r;
	codec = trp_codecs_find(options->codec);
	if (!codec)
		return -EPROTONOSUPPORT;
	r = trp_bus_open(&bus, &address, &calls, NULL);
	if (r < 0)
		return r;
	r = trp_library_load(codec->library);
	if (r < 0) {
		troupe_log(TROUPE_FATAL, "no %s: %s cannot be loaded",
			   codec->name, codec->library->file);
		return r;
	}
	timer.fired = on_time;
	input = (struct troupe_input) { .fd = trp_bus_fd(bus),
					.events = POLLIN,
					.ready = on_ready };
	r = troupe_input_add(&input);
	return r < 0 ? r : run();
}

static void stop(void)
{
	if (bus)
		trp_bus_close(bus);
}

static const struct troupe_handler handlers[] = {
	{ &troupe__mesh__say__descriptor, on_say },
	{ NULL, NULL },
};

const struct troupe_class trp_mesh_bus_actor = {
	.name = "mesh-bus",
	.handlers = handlers,
	.init = init,
	.stop = stop,
	.grace_ms = 1000,
};
