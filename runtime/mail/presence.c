/* SPDX-License-Identifier: MIT */
#include "runtime/mail/presence.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include "runtime/actor/post.h"
#include "runtime/actor/self.h"
#include "runtime/mail/exports.h"
#include "runtime/mail/presence.pb-c.h"
#include "runtime/node/options.h"

static bool has_begun;

/* ---- to others ----------------------------------------------------------- */

static uint64_t calendar_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void sign(void *user, const uint8_t *bytes, size_t length, uint8_t *tag)
{
	struct trp_guard *guard = user;

	guard->calls->sign(guard, bytes, length, tag);
}

static bool verify(void *user, const uint8_t *bytes, size_t length,
		   const uint8_t *tag)
{
	struct trp_guard *guard = user;

	return guard->calls->verify(guard, bytes, length, tag);
}

void trp_mail_presence_seal(struct trp_bus *bus, struct trp_guard *guard)
{
	static_assert((int)TRP_PRESENCE_TAG == (int)TRP_FRAME_TAG,
		      "it is a tag of a guard");

	trp_bus_seal(bus, &(struct trp_presence_seal) {
				  .sign = sign,
				  .verify = verify,
				  .user = guard,
			  });
}

int trp_mail_presence_say(struct trp_bus *bus)
{
	Troupe__Presence__Words words = TROUPE__PRESENCE__WORDS__INIT;
	uint8_t bytes[TRP_PRESENCE_WORDS_MAX];
	const struct trp_node *node = trp_self.node;

	words.version = (char *)TROUPE_VERSION;
	words.application = node->options->main ? "" : basename(node->argv[0]);
	words.build = trp_mail_exports_build();
	words.since_ms = calendar_ms();
	if (troupe__presence__words__get_packed_size(&words) > sizeof(bytes))
		words.application = "";
	return trp_bus_present(bus, node->options->node, bytes,
			       troupe__presence__words__pack(&words, bytes));
}

/* ---- to the supervisor --------------------------------------------------- */

static void report(const ProtobufCMessage *message)
{
	struct trp_envelope envelope = trp_actor_post_envelope(TRP_CONTROL);

	if (has_begun)
		trp_actor_post(TRP_REF_SUPERVISOR, TRP_MAIL, &envelope, message,
			       NULL);
}

void trp_mail_presence_link(bool is_up)
{
	Troupe__Presence__Link link = TROUPE__PRESENCE__LINK__INIT;

	link.is_up = is_up;
	report(&link.base);
}

void trp_mail_presence_begin(struct trp_bus *bus)
{
	Troupe__Presence__Begin begin = TROUPE__PRESENCE__BEGIN__INIT;

	has_begun = true;
	report(&begin.base);
	if (bus->is_up)
		trp_mail_presence_link(true);
}

void trp_mail_presence_here(void *user, const char *node, uint32_t number,
			    const void *words, size_t length)
{
	Troupe__Presence__Here here = TROUPE__PRESENCE__HERE__INIT;

	here.node = (char *)node;
	here.run = number;
	here.words.data = (uint8_t *)words;
	here.words.len = length;
	report(&here.base);
}

void trp_mail_presence_gone(void *user, const char *node, uint32_t number)
{
	Troupe__Presence__Gone gone = TROUPE__PRESENCE__GONE__INIT;

	gone.node = (char *)node;
	gone.run = number;
	report(&gone.base);
}

void trp_mail_presence_attend(struct trp_bus *bus,
			      const struct troupe_message *message)
{
	const Troupe__Presence__Attend *order = message->body;
	int r;

	if (message->sender)
		return; /* only the supervisor may send it */
	r = trp_bus_attend(bus, *order->node ? order->node : NULL,
			   !order->is_over);
	if (r < 0)
		troupe_log(TROUPE_WARNING, "cannot attend to node %s: %s",
			   order->node, strerror(-r));
}
