/* SPDX-License-Identifier: MIT */
#include "tests/runtime/election/lone.h"
#include "runtime/election/beacon_receive.h"

#include <stdio.h>
#include <string.h>

static void on_send(void *user, const struct trp_wire *message)
{
	struct lone *lone = user;
	size_t i;

	lone->sent[message->type]++;
	lone->last = *message;
	for (i = 0; i < message->history_length; i++)
		strcpy(lone->last_history[i], message->history[i]);
}

static void join(char *to, const struct trp_beacon_names *names)
{
	size_t i;

	*to = '\0';
	for (i = 0; i < names->count; i++)
		to += sprintf(to, "%s%s", i ? " " : "", names->at[i]);
}

static void on_event(void *user, const struct trp_beacon_event *event)
{
	struct lone *lone = user;

	lone->seen[event->type]++;
	lone->event[event->type] = *event;
	if (event->node)
		strcpy(lone->node[event->type], event->node);
	join(lone->local, &event->local);
	join(lone->remote, &event->remote);
}

static double on_random(void *user)
{
	return ((struct lone *)user)->draw;
}

static const struct trp_scalar *on_value(void *user, bool may_become_it)
{
	return &((struct lone *)user)->value;
}

static const struct trp_beacon_calls calls = { .send = on_send,
					       .event = on_event,
					       .random = on_random,
					       .value = on_value };

static struct trp_time now_of(const struct lone *lone)
{
	return (struct trp_time) { (int64_t)(lone->now_s * 1e9) };
}

void lone_unready(struct lone *lone, const struct trp_beacon_options *options)
{
	*lone = (struct lone) {
		.draw = 0.5, .value = { TRP_SCALAR_INT, { .integer = 50 } }
	};
	cr_assert(trp_beacon_new(&lone->beacon, options, &calls, lone) == 0);
}

void lone_new(struct lone *lone, const struct trp_beacon_options *options)
{
	lone_unready(lone, options);
	trp_beacon_set_ready(lone->beacon, true);
}

void lone_begin(struct lone *lone, const struct trp_wire_config *config)
{
	struct trp_beacon_options options = { .node = "m", .config = *config };

	lone_new(lone, &options);
	cr_assert(trp_beacon_start(lone->beacon, now_of(lone)) == 0);
	lone_hear_init(lone, "m");
}

void lone_fini(struct lone *lone)
{
	trp_beacon_free(lone->beacon);
}

void lone_hear(struct lone *lone, const struct trp_wire *message)
{
	trp_beacon_receive(lone->beacon, message, now_of(lone));
	trp_beacon_check(lone->beacon);
}

void lone_hear_init(struct lone *lone, const char *node)
{
	struct trp_wire wire = { .type = TRP_WIRE_INIT, .node = node };

	lone_hear(lone, &wire);
}

static void hear_list(struct lone *lone, enum trp_wire_type type,
		      const char *names, int64_t value)
{
	struct trp_wire wire = { .type = type };
	char copy[128], *rest = copy, *name;
	const char *history[16];

	strcpy(copy, names);
	while ((name = strsep(&rest, " ")))
		history[wire.history_length++] = name;
	wire.history = history;
	if (type == TRP_WIRE_PING)
		wire.node = history[0];
	if (value >= 0) {
		wire.value.type = TRP_SCALAR_INT;
		wire.value.integer = value;
	}
	lone_hear(lone, &wire);
}

void lone_hear_ping(struct lone *lone, const char *names, int64_t value)
{
	hear_list(lone, TRP_WIRE_PING, names, value);
}

void lone_hear_hist(struct lone *lone, const char *names, int64_t value)
{
	hear_list(lone, TRP_WIRE_HIST, names, value);
}

void lone_hear_vers(struct lone *lone, const char *node, int64_t version)
{
	struct trp_wire wire = { .type = TRP_WIRE_VERS,
				 .node = node,
				 .config = *trp_beacon_config(lone->beacon) };

	wire.config.version = version;
	lone_hear(lone, &wire);
}

double lone_deadline(const struct lone *lone)
{
	return (double)trp_beacon_deadline(lone->beacon).ns / 1e9;
}

void lone_until(struct lone *lone, double when_s)
{
	while (lone_deadline(lone) <= when_s) {
		if (lone->now_s < lone_deadline(lone))
			lone->now_s = lone_deadline(lone);
		trp_beacon_tick(lone->beacon,
				trp_beacon_deadline(lone->beacon));
	}
	lone->now_s = when_s;
}

const char *lone_list(const struct lone *lone)
{
	static char text[256];
	const char *listed;
	char *to = text;
	size_t i;

	*text = '\0';
	for (i = 0; (listed = trp_beacon_listed(lone->beacon, i)); i++)
		to += sprintf(to, "%s%s", i ? " " : "", listed);
	return text;
}

const char *lone_last(const struct lone *lone)
{
	static char text[256];
	char *to = text;
	size_t i;

	*text = '\0';
	for (i = 0; i < lone->last.history_length; i++)
		to += sprintf(to, "%s%s", i ? " " : "", lone->last_history[i]);
	return text;
}
