/* SPDX-License-Identifier: MIT */
#include "runtime/mail/presence.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include "runtime/actor/post.h"
#include "runtime/actor/self.h"
#include "runtime/mail/exports.h"
#include "runtime/mail/post.h"
#include "runtime/mail/presence.pb-c.h"
#include "runtime/mail/proofs.h"
#include "runtime/node/options.h"

static struct trp_mail_proofs proofs;
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
	if (!is_up)
		trp_mail_proofs_clear(&proofs);
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

static void tell(const struct trp_presence_heard *heard)
{
	Troupe__Presence__Here here = TROUPE__PRESENCE__HERE__INIT;
	Troupe__Presence__Gone gone = TROUPE__PRESENCE__GONE__INIT;

	here.node = gone.node = (char *)heard->node;
	here.run = gone.run = heard->number;
	here.words.data = (uint8_t *)heard->words;
	here.words.len = heard->length;
	report(heard->is_gone ? &gone.base : &here.base);
}

static int ask(uint32_t number, const void *frame, size_t length)
{
	return trp_bus_send_to(trp_mail_post.bus, number, frame, length, true);
}

static const struct trp_mail_proof_calls proof_calls = { ask,
							 trp_mail_post_random,
							 tell };

void trp_mail_presence_open(struct trp_bus *bus, struct trp_guard *guard)
{
	const struct trp_presence_seal seal = { sign, verify, guard };

	static_assert((int)TRP_PRESENCE_TAG == (int)TRP_FRAME_TAG,
		      "it is a tag of a guard");
	trp_mail_proofs_init(&proofs, trp_ref_node(trp_ref_here), guard,
			     &proof_calls);
	if (guard)
		trp_bus_seal(bus, &seal);
}

void trp_mail_presence_close(void)
{
	trp_mail_proofs_clear(&proofs);
}

static void hear(const struct trp_presence_heard *heard)
{
	static bool is_told;
	int r = trp_mail_proofs_hear(&proofs, heard, trp_time_now());

	if (r == 0 || is_told)
		return;
	is_told = true;
	troupe_log(TROUPE_WARNING,
		   "news of node %s, and of others, is lost: %s", heard->node,
		   strerror(-r));
}

void trp_mail_presence_here(void *user, const char *node, uint32_t number,
			    const void *words, size_t length)
{
	struct trp_presence_heard heard = { .number = number,
					    .words = words,
					    .length = length };

	strcpy(heard.node, node);
	hear(&heard);
}

void trp_mail_presence_gone(void *user, const char *node, uint32_t number)
{
	struct trp_presence_heard heard = { .is_gone = true, .number = number };

	strcpy(heard.node, node);
	hear(&heard);
}

bool trp_mail_presence_receive(const void *frame, size_t length)
{
	return trp_mail_proofs_receive(&proofs, frame, length);
}

void trp_mail_presence_nobody(uint32_t number)
{
	trp_mail_proofs_nobody(&proofs, number);
}

void trp_mail_presence_tick(struct trp_time now)
{
	trp_mail_proofs_tick(&proofs, now);
}

struct trp_time trp_mail_presence_deadline(void)
{
	return proofs.due;
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
