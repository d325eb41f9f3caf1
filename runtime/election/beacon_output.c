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

void trp_beacon_output_vers(struct trp_beacon *beacon)
{
	beacon->vers_due = TRP_NEVER;
	trp_beacon_output_send(beacon,
			       &(struct trp_wire) { .type = TRP_WIRE_VERS,
						    .node = beacon->config_node,
						    .config = beacon->config });
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
	return trp_scalar_copy(&beacon->value, value);
}
