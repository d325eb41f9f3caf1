/* SPDX-License-Identifier: MIT */
#include "runtime/cli/web_state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "runtime/cli/metrics.h"
#include "runtime/look/text.h"
#include "runtime/node/system.pb-c.h"
#include "runtime/troupe_tree.h"
#include "serialize/json.h"

enum { PATIENCE_MS = 2000 };

int trp_web_state_open(struct trp_web_state *state, const char *node)
{
	int r = trp_look_open(&state->look, node);

	if (r < 0)
		return r;
	trp_client_patience(&state->look.client, PATIENCE_MS);
	state->is_open = true;
	memcpy(state->node, state->look.client.node, sizeof(state->node));
	return 0;
}

/* ---- JSON ---------------------------------------------------------------- */

static struct troupe_value *actors_value(const struct trp_look *look)
{
	struct troupe_value *list = troupe_value_list();
	int r = 0;

	for (size_t i = 0;
	     r == 0 && i < look->count && i < TRP_WEB_STATE_ACTORS; i++)
		r = troupe_value_append(
			list, trp_look_text_value(look, &look->actor[i]));
	if (r == 0)
		return list;
	troupe_value_free(list);
	return NULL;
}

static struct troupe_value *given_up_value(const Troupe__Guest__Node *node)
{
	struct troupe_value *list = troupe_value_list(), *map;

	for (size_t i = 0; i < node->n_given_up; i++) {
		map = troupe_value_map();
		trp_value_add_text(map, "address", node->given_up[i]->address);
		trp_value_add_int(map, "restarts", node->given_up[i]->restarts);
		trp_value_add_text(map, "reason", node->given_up[i]->reason);
		troupe_value_append(list, map);
	}
	return list;
}

static const struct trp_web_sample *sample_at(const struct trp_web_state *state,
					      size_t at)
{
	size_t oldest = state->samples > TRP_WEB_STATE_SAMPLES
				? state->samples - TRP_WEB_STATE_SAMPLES
				: 0;

	return oldest + at < state->samples
		       ? &state->sample[(oldest + at) % TRP_WEB_STATE_SAMPLES]
		       : NULL;
}

static struct troupe_value *history_value(const struct trp_web_state *state)
{
	struct troupe_value *map = troupe_value_map(),
			    *received = troupe_value_list(),
			    *unread = troupe_value_list(),
			    *restarts = troupe_value_list();
	const struct trp_web_sample *sample;
	int r = 0;

	for (size_t i = 0; (sample = sample_at(state, i)); i++) {
		r |= troupe_value_append(received,
					 troupe_value_double(sample->received));
		r |= troupe_value_append(unread,
					 troupe_value_double(sample->unread));
		r |= troupe_value_append(
			restarts, troupe_value_int((int64_t)sample->restarts));
	}
	r |= trp_value_add(map, "received", received);
	r |= trp_value_add(map, "unread", unread);
	r |= trp_value_add(map, "restarts", restarts);
	if (r == 0)
		return map;
	troupe_value_free(map);
	return NULL;
}

/* Consumes it; NULL: no memory. */
static char *written(struct troupe_value *value, int r)
{
	char *text = NULL;

	if (r == 0 && trp_json_write(value, &text) < 0)
		text = NULL;
	troupe_value_free(value);
	return text;
}

static char *all(const struct trp_web_state *state)
{
	const struct trp_look *look = &state->look;
	struct troupe_value *map = troupe_value_map();
	int r = trp_value_add_text(map, "node", look->node->name);

	r |= trp_value_add_text(map, "version", look->node->version);
	r |= trp_value_add_text(map, "application", look->node->application);
	r |= trp_value_add_int(map, "pid", (uint64_t)look->node->pid);
	r |= trp_value_add_int(map, "slots", look->node->slots);
	r |= trp_value_add_int(map, "count", look->count);
	r |= trp_value_add(map, "control",
			   troupe_value_bool(state->may_control));
	r |= trp_value_add(map, "actors", actors_value(look));
	r |= trp_value_add(map, "given_up", given_up_value(look->node));
	r |= trp_value_add(map, "history", history_value(state));
	return written(map, r);
}

static char *failure(const struct trp_web_state *state, const char *why)
{
	struct troupe_value *map = troupe_value_map();
	int r = trp_value_add_text(map, "node", state->node);

	return written(map, r | trp_value_add_text(map, "error", why));
}

/* ---- looking ------------------------------------------------------------- */

static int add_sample(struct trp_web_state *state)
{
	struct trp_web_sample sample = { 0 };
	int r = trp_metrics_sum(&state->look.client, TRP_TOTAL_RESTARTS,
				&sample.restarts);

	for (size_t i = 0; i < state->look.count; i++) {
		sample.received += state->look.actor[i].received;
		sample.unread += (double)state->look.actor[i].unread.messages;
	}
	state->sample[state->samples++ % TRP_WEB_STATE_SAMPLES] = sample;
	return r;
}

int trp_web_state_take(struct trp_web_state *state)
{
	struct trp_client *client = &state->look.client;
	char *text;
	int r = state->is_open ? 0 : trp_web_state_open(state, state->node);

	if (r == 0)
		r = trp_look_take(&state->look);
	if (r == 0)
		r = add_sample(state);
	text = r == 0 ? all(state)
		      : failure(state,
				client->why[0] ? client->why : strerror(-r));
	if (r < 0 && state->is_open)
		trp_look_close(&state->look);
	state->is_open = r == 0;
	state->number++;
	free(state->text);
	state->text = text;
	return text ? 0 : -ENOMEM;
}

/* ---- one actor ----------------------------------------------------------- */

static struct troupe_value *senders_value(const struct trp_look *look,
					  troupe_ref ref)
{
	struct troupe_value *list = troupe_value_list(), *map;
	char address[TROUPE_ADDRESS_SIZE];
	struct trp_look_mail *mail = NULL;
	size_t count = 0;
	int r = look->has_memory ? trp_look_mail_by_sender(&look->arena,
							   trp_ref_slot(ref),
							   &mail, &count)
				 : 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		map = troupe_value_map();
		r = trp_value_add_text(map, "sender",
				       trp_look_address(look, mail[i].sender,
							address,
							sizeof(address)));
		r |= trp_value_add_int(map, "messages", mail[i].messages);
		r |= trp_value_add_int(map, "bytes", mail[i].bytes);
		r |= troupe_value_append(list, map);
	}
	free(mail);
	return list;
}

char *trp_web_state_actor(const struct trp_web_state *state, const char *whom)
{
	const struct trp_look_actor *actor =
		state->is_open ? trp_look_by_name(&state->look, whom) : NULL;
	struct troupe_value *map =
		actor ? trp_look_text_value(&state->look, actor) : NULL;

	return map ? written(map,
			     trp_value_add(map, "senders",
					   senders_value(&state->look,
							 actor->told->ref)))
		   : NULL;
}

int trp_web_state_order(struct trp_web_state *state, const char *what,
			const char *whom, const char **ret_why)
{
	static const struct {
		const char *name;
		Troupe__Control__ChildOrder order;
	} orders[] = {
		{ "stop", TROUPE__CONTROL__CHILD_ORDER__STOP_CHILD },
		{ "start", TROUPE__CONTROL__CHILD_ORDER__START_CHILD },
		{ "restart", TROUPE__CONTROL__CHILD_ORDER__RESTART_CHILD },
	};
	Troupe__Guest__Order request = TROUPE__GUEST__ORDER__INIT;
	struct trp_client *client = &state->look.client;
	const ProtobufCMessage *item;
	size_t i = 0;
	int r;

	while (i < sizeof(orders) / sizeof(orders[0]) &&
	       strcmp(orders[i].name, what) != 0)
		i++;
	*ret_why = "no such order";
	if (i == sizeof(orders) / sizeof(orders[0]))
		return -EINVAL;
	*ret_why = "the node does not answer";
	if (!state->is_open)
		return -ENOTCONN;
	request.whom = (char *)whom;
	request.what = orders[i].order;
	client->why[0] = '\0';
	r = trp_client_get(client, &request.base,
			   &troupe__guest__done__descriptor, &item);
	*ret_why = client->why[0] ? client->why : strerror(-r);
	return r;
}
