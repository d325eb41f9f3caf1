/* SPDX-License-Identifier: MIT */
#include "runtime/election/beacon_output.h"

#include <assert.h>
#include <errno.h>

void trp_beacon_output_send(struct trp_beacon *beacon,
			    const struct trp_wire *message)
{
	assert(!beacon->is_calling && trp_wire_is_valid(message));
	beacon->counts.sent[message->type]++;
	beacon->is_calling = true;
	beacon->calls->send(beacon->user, message);
	beacon->is_calling = false;
}

void trp_beacon_output_event(struct trp_beacon *beacon,
			     const struct trp_beacon_event *event)
{
	assert(!beacon->is_calling);
	beacon->is_calling = true;
	beacon->calls->event(beacon->user, event);
	beacon->is_calling = false;
}

double trp_beacon_output_draw(struct trp_beacon *beacon)
{
	return beacon->calls->random(beacon->user);
}

static const struct trp_scalar none = { .type = TRP_SCALAR_NONE };

static const struct trp_scalar *ask_note(struct trp_beacon *beacon)
{
	const struct trp_scalar *note = NULL;

	if (!beacon->calls->note)
		return &none;
	beacon->is_calling = true;
	note = beacon->calls->note(beacon->user);
	beacon->is_calling = false;
	return note ? note : &none;
}

static void send_vers(struct trp_beacon *beacon, const struct trp_scalar *note,
		      const struct trp_scalar *said)
{
	bool has_more =
		note->type != TRP_SCALAR_NONE || said->type != TRP_SCALAR_NONE;

	beacon->vers_due = TRP_NEVER;
	trp_beacon_output_send(
		beacon,
		&(struct trp_wire) { .type = TRP_WIRE_VERS,
				     .node = beacon->config_node,
				     .config = beacon->config,
				     .from = has_more ? beacon->me->name : NULL,
				     .note = *note,
				     .said = *said });
}

void trp_beacon_output_vers(struct trp_beacon *beacon)
{
	send_vers(beacon, ask_note(beacon), &none);
}

void trp_beacon_output_config(struct trp_beacon *beacon)
{
	send_vers(beacon, &none, &none);
}

void trp_beacon_output_note(struct trp_beacon *beacon)
{
	const struct trp_scalar *note = ask_note(beacon);

	if (note->type != TRP_SCALAR_NONE)
		send_vers(beacon, note, &none);
}

void trp_beacon_output_say(struct trp_beacon *beacon,
			   const struct trp_scalar *said)
{
	send_vers(beacon, &none, said);
}

void trp_beacon_output_list(struct trp_beacon *beacon, enum trp_wire_type type,
			    struct trp_beacon_peer *const *peers, size_t count)
{
	const char *names[TRP_WIRE_HISTORY_MAX];

	if (count > (size_t)beacon->config.splits)
		count = (size_t)beacon->config.splits;
	assert(count > 0 && count <= TRP_WIRE_HISTORY_MAX);
	for (size_t i = 0; i < count; i++)
		names[i] = peers[i]->name;
	trp_beacon_output_send(
		beacon, &(struct trp_wire) {
				.type = type,
				.node = type == TRP_WIRE_PING ? names[0] : NULL,
				.value = peers[0]->value,
				.history = names,
				.history_length = count });
}

int trp_beacon_output_ask_value(struct trp_beacon *beacon, bool may_become_it)
{
	const struct trp_scalar *value;

	if (!beacon->calls->value)
		return 0;
	beacon->is_calling = true;
	value = beacon->calls->value(beacon->user, may_become_it);
	beacon->is_calling = false;
	if (trp_scalar_has_span(value) &&
	    value->span.length > TRP_WIRE_VALUE_MAX)
		return -EMSGSIZE;
	if (beacon->is_plain && value->type == TRP_SCALAR_TEXT)
		value = &none;
	return trp_scalar_copy(&beacon->value, value);
}
