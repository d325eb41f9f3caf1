/* SPDX-License-Identifier: MIT */
#include "runtime/look/look.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "ipc/lane.h"
#include "ipc/time.h"
#include "runtime/node/types.h"
#include "serialize/message.h"

const char *trp_look_state_name(enum trp_look_state state)
{
	static const char *const names[] = {
		[TRP_LOOK_STARTING] = "starting",
		[TRP_LOOK_IDLE] = "idle",
		[TRP_LOOK_HANDLING] = "handling",
		[TRP_LOOK_ASLEEP] = "asleep",
		[TRP_LOOK_AWAITING] = "awaiting",
		[TRP_LOOK_RECEIVING] = "receiving",
		[TRP_LOOK_BLOCKED] = "blocked",
		[TRP_LOOK_WAITING] = "waiting",
		[TRP_LOOK_ASKING] = "asking",
		[TRP_LOOK_SUSPENDED] = "suspended",
		[TRP_LOOK_STOPPING] = "stopping",
		[TRP_LOOK_DEAD] = "dead",
		[TRP_LOOK_RESTARTING] = "restarting",
		[TRP_LOOK_STOPPED] = "stopped",
		[TRP_LOOK_GIVEN_UP] = "given up",
		[TRP_LOOK_DORMANT] = "dormant",
		[TRP_LOOK_RUNNING] = "running",
	};

	return names[state];
}

/* ---- the beginning ------------------------------------------------------- */

static bool is_of_this_user(const struct trp_client *client)
{
	struct ucred who;
	socklen_t size = sizeof(who);

	return getsockopt(client->fd, SOL_SOCKET, SO_PEERCRED, &who, &size) ==
		       0 &&
	       who.uid == geteuid();
}

static int map(struct trp_look *look)
{
	struct trp_client *client = &look->client;
	Troupe__Guest__Look request = TROUPE__GUEST__LOOK__INIT;
	const Troupe__Guest__Memory *memory;
	const ProtobufCMessage *item = NULL;
	int r = trp_client_ask(client, &request.base);

	if (r == 0)
		r = trp_client_next(client, &troupe__guest__memory__descriptor,
				    1, &item);
	if (r <= 0 || !item)
		return r < 0 ? r : -EPROTO;
	memory = (const Troupe__Guest__Memory *)item;
	if (client->packet.fds != 1)
		return -EPROTO;
	client->packet.fds = 0;
	look->has_memory =
		trp_arena_join(&look->arena, client->packet.fd[0],
			       memory->slots, memory->heap_size) == 0;
	r = trp_client_next(client, &troupe__guest__memory__descriptor, 0,
			    &item);
	return r;
}

/* The names of its types, for this process. */
static int learn(struct trp_client *client)
{
	Troupe__Guest__ListNames request = TROUPE__GUEST__LIST_NAMES__INIT;
	const ProtobufCMessage *item;
	char *text = NULL, *more;
	size_t size = 0;
	int r = trp_client_ask(client, &request.base);

	while (r == 0 &&
	       (r = trp_client_next(client, &troupe__guest__names__descriptor,
				    0, &item)) == 1) {
		const ProtobufCBinaryData *part =
			&((const Troupe__Guest__Names *)item)->text;

		r = -ENOMEM;
		more = realloc(text, size + part->len + 1);
		if (!more)
			break;
		text = more;
		memcpy(text + size, part->data, part->len);
		size += part->len;
		r = 0;
	}
	if (r == 0 && size)
		trp_types_learn(text, size);
	else
		free(text);
	return r;
}

int trp_look_open(struct trp_look *look, const char *node)
{
	int r;

	*look = (struct trp_look) { .client.fd = -1 };
	r = trp_client_open_any(&look->client, node);
	if (r < 0)
		return r;
	r = learn(&look->client);
	look->is_own = r == 0 && is_of_this_user(&look->client);
	if (look->is_own)
		r = map(look);
	if (r < 0)
		trp_look_close(look);
	return r;
}

static void forget(struct trp_look_actor *actors, size_t count)
{
	for (size_t i = 0; i < count; i++)
		troupe__guest__actor__free_unpacked(actors[i].told, NULL);
	free(actors);
}

void trp_look_close(struct trp_look *look)
{
	forget(look->actor, look->count);
	look->actor = NULL;
	look->count = 0;
	troupe__guest__node__free_unpacked(look->node, NULL);
	look->node = NULL;
	if (look->has_memory)
		trp_arena_fini(&look->arena);
	look->has_memory = false;
	trp_client_close(&look->client);
}

/* ---- one actor ----------------------------------------------------------- */

static enum trp_look_state at_work(const struct trp_look_actor *actor)
{
	static const enum trp_look_state waits[] = {
		[TROUPE_WAITS_ANSWER] = TRP_LOOK_AWAITING,
		[TROUPE_WAITS_ROOM] = TRP_LOOK_BLOCKED,
		[TROUPE_WAITS_MESSAGE] = TRP_LOOK_RECEIVING,
		[TROUPE_WAITS_END] = TRP_LOOK_WAITING,
		[TROUPE_WAITS_SUPERVISOR] = TRP_LOOK_ASKING,
	};
	char state = actor->has_process ? actor->process.state : 'R';

	if (state == 'T' || state == 't')
		return TRP_LOOK_SUSPENDED;
	if (!actor->has_activity)
		return TRP_LOOK_STARTING;
	if (actor->activity.waits)
		return waits[actor->activity.waits];
	if (!actor->activity.doing)
		return TRP_LOOK_IDLE;
	return state == 'S' || state == 'D' ? TRP_LOOK_ASLEEP
					    : TRP_LOOK_HANDLING;
}

static enum trp_look_state state_of(const struct trp_look *look,
				    const struct trp_look_actor *actor)
{
	switch (actor->told->state) {
	case TROUPE__GUEST__STATE__STARTING:
		return TRP_LOOK_STARTING;
	case TROUPE__GUEST__STATE__STOPPING:
		return TRP_LOOK_STOPPING;
	case TROUPE__GUEST__STATE__DEAD:
		return TRP_LOOK_DEAD;
	case TROUPE__GUEST__STATE__DOWN:
		return TRP_LOOK_RESTARTING;
	case TROUPE__GUEST__STATE__STOPPED:
		return TRP_LOOK_STOPPED;
	case TROUPE__GUEST__STATE__GIVEN_UP:
		return TRP_LOOK_GIVEN_UP;
	case TROUPE__GUEST__STATE__ASLEEP:
		return TRP_LOOK_DORMANT;
	default:
		return look->has_memory ? at_work(actor) : TRP_LOOK_RUNNING;
	}
}

static void look_into_memory(const struct trp_arena *arena,
			     struct trp_look_actor *actor)
{
	const troupe_ref ref = actor->told->ref;
	const uint32_t slot = trp_ref_slot(ref);
	const struct trp_status *status = trp_status_of(arena, ref);

	if (slot >= arena->slots || !status)
		return;
	actor->limit = trp_load_relaxed(&trp_arena_slot(arena, slot)->limit);
	if (!actor->limit)
		actor->limit = TRP_LIMIT_DEFAULT;
	actor->put_aside = trp_load_relaxed(&status->put_aside) +
			   trp_load_relaxed(&status->shelved);
	actor->unread = trp_look_mail(arena, slot);
	actor->has_activity =
		actor->told->state <= TROUPE__GUEST__STATE__STOPPING &&
		trp_status_look(arena, ref, &actor->activity);
}

static void put_rates(const struct trp_look_actor *before, int64_t passed_ns,
		      struct trp_look_actor *actor)
{
	double seconds = (double)passed_ns / 1e9;

	if (actor->has_process && actor->process.age_ms > 0)
		actor->cpu = 100. * (double)actor->process.cpu_ms /
			     (double)actor->process.age_ms;
	if (!before || before->told->ref != actor->told->ref || seconds <= 0)
		return;
	actor->has_rates = true;
	/* The counters of the next incarnation begin with 0. */
	if (actor->told->received >= before->told->received)
		actor->received = (double)(actor->told->received -
					   before->told->received) /
				  seconds;
	if (actor->told->sent >= before->told->sent)
		actor->sent = (double)(actor->told->sent - before->told->sent) /
			      seconds;
	if (actor->has_process && before->has_process &&
	    actor->told->pid == before->told->pid)
		actor->cpu = (double)(actor->process.cpu_ms -
				      before->process.cpu_ms) /
			     seconds / 10.;
}

/* ---- all of them --------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
	uint32_t x = trp_ref_slot(*(const troupe_ref *)a);
	uint32_t y =
		trp_ref_slot(((const struct trp_look_actor *)b)->told->ref);

	return x < y ? -1 : x > y;
}

static const struct trp_look_actor *find_slot(
	const struct trp_look_actor *actors, size_t count, troupe_ref ref)
{
	return count ? bsearch(&ref, actors, count, sizeof(*actors), compare)
		     : NULL;
}

struct table {
	struct trp_look_actor *at;
	size_t count, room;
};

static int add(struct table *table, const ProtobufCMessage *item)
{
	struct trp_look_actor *more;

	if (table->count == table->room) {
		table->room = table->room ? 2 * table->room : 64;
		more = reallocarray(table->at, table->room, sizeof(*more));
		if (!more)
			return -ENOMEM;
		table->at = more;
	}
	more = &table->at[table->count];
	*more = (struct trp_look_actor) {
		.told = (Troupe__Guest__Actor *)trp_message_copy(item)
	};
	if (!more->told)
		return -ENOMEM;
	table->count++;
	more->has_process =
		more->told->pid &&
		trp_look_process(more->told->pid, &more->process) == 0;
	return 0;
}

static int ask_actors(struct trp_client *client, struct table *table)
{
	Troupe__Guest__List list = TROUPE__GUEST__LIST__INIT;
	const ProtobufCMessage *item;
	int r = trp_client_ask(client, &list.base);

	while (r == 0 &&
	       (r = trp_client_next(client, &troupe__guest__actor__descriptor,
				    0, &item)) == 1)
		r = add(table, item);
	return r;
}

static int ask_node(struct trp_look *look)
{
	Troupe__Guest__Hello hello = TROUPE__GUEST__HELLO__INIT;
	const ProtobufCMessage *item = NULL;
	int r = trp_client_get(&look->client, &hello.base,
			       &troupe__guest__node__descriptor, &item);

	if (r == 0 && !item)
		r = -EPROTO;
	if (r == 0)
		r = trp_ref_set_here(((const Troupe__Guest__Node *)item)->run);
	if (r < 0)
		return r;
	troupe__guest__node__free_unpacked(look->node, NULL);
	look->node = (Troupe__Guest__Node *)trp_message_copy(item);
	return look->node ? 0 : -ENOMEM;
}

int trp_look_take(struct trp_look *look)
{
	struct trp_look_actor *before = look->actor;
	size_t count_before = look->count;
	int64_t passed, was = look->at;
	struct table table = { 0 };
	int r = ask_node(look);

	if (r == 0)
		r = ask_actors(&look->client, &table);
	look->at = trp_time_now().ns;
	passed = look->at - was;
	for (size_t i = 0; r == 0 && i < table.count; i++) {
		struct trp_look_actor *actor = &table.at[i];

		if (look->has_memory)
			look_into_memory(&look->arena, actor);
		actor->state = state_of(look, actor);
		put_rates(find_slot(before, count_before, actor->told->ref),
			  passed, actor);
	}
	forget(before, count_before);
	look->actor = table.at;
	look->count = table.count;
	return r;
}

const struct trp_look_actor *trp_look_find(const struct trp_look *look,
					   troupe_ref ref)
{
	const struct trp_look_actor *actor =
		find_slot(look->actor, look->count, ref);

	return actor && (actor->told->ref == ref || trp_ref_is_alias(ref))
		       ? actor
		       : NULL;
}

static bool is_called(const Troupe__Guest__Actor *actor, const char *whom)
{
	if (whom[0] == '/')
		return !actor->is_guest && strcmp(actor->address, whom) == 0;
	for (size_t i = 0; i < actor->n_names; i++)
		if (strcmp(actor->names[i], whom) == 0)
			return true;
	return false;
}

const struct trp_look_actor *trp_look_by_name(const struct trp_look *look,
					      const char *whom)
{
	troupe_ref ref;

	for (size_t i = 0; i < look->count; i++)
		if (is_called(look->actor[i].told, whom))
			return &look->actor[i];
	return trp_ref_parse(whom, &ref) ? trp_look_find(look, ref) : NULL;
}

const char *trp_look_address(const struct trp_look *look, troupe_ref ref,
			     char *text, size_t size)
{
	const struct trp_look_actor *actor = trp_look_find(look, ref);
	char number[TRP_REF_TEXT_SIZE];

	if (ref == TRP_REF_SUPERVISOR)
		snprintf(text, size, "the supervisor");
	else if (actor)
		snprintf(text, size, "%s", actor->told->address);
	else
		snprintf(text, size, "%s", trp_ref_print(ref, number));
	return text;
}

void trp_look_say_why(struct trp_look *look)
{
	struct trp_client *client = &look->client;

	snprintf(client->why, sizeof(client->why), "node %s %s", client->node,
		 look->is_own ? "has more memory than this process may map "
				"(`ulimit -v`)"
			      : "is another user's; be that user (`sudo -u`)");
}

int64_t trp_look_since(const struct trp_look *look, int64_t ns)
{
	return look->at > ns ? (look->at - ns) / 1000000 : 0;
}
