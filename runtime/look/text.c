/* SPDX-License-Identifier: MIT */
#include "runtime/look/text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "runtime/node/types.h"
#include "runtime/troupe_tree.h"

enum { ADDRESS = TROUPE_ADDRESS_SIZE };

const char *trp_look_text_time(int64_t ms, char text[32])
{
	int64_t s = ms / 1000;

	if (s < 60)
		snprintf(text, 32, "%d.%02d", (int)s, (int)(ms % 1000 / 10));
	else if (s < 3600)
		snprintf(text, 32, "%d:%02d", (int)(s / 60), (int)(s % 60));
	else
		snprintf(text, 32, "%" PRId64 ":%02d:%02d", s / 3600,
			 (int)(s / 60 % 60), (int)(s % 60));
	return text;
}

const char *trp_look_text_span(int64_t ms, char text[32])
{
	trp_look_text_time(ms, text);
	return strcat(text, ms < 60000 ? " s" : ms < 3600000 ? " min" : " h");
}

/* ---- for people ---------------------------------------------------------- */

struct phrase {
	char *text;
	size_t used, size;
};

static void put(struct phrase *phrase, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void put(struct phrase *phrase, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(phrase->text + phrase->used, phrase->size - phrase->used,
		  format, arguments);
	va_end(arguments);
	phrase->used += strlen(phrase->text + phrase->used);
}

static const char *type_name(uint64_t type)
{
	const char *name = type ? trp_types_name(type) : NULL;

	return name ? name : "an unknown type";
}

static void put_wait(struct phrase *phrase, const struct trp_look *look,
		     const struct trp_activity *activity)
{
	char peer[ADDRESS] = "several", time[32];

	if (activity->peer)
		trp_look_address(look, activity->peer, peer, sizeof(peer));
	switch (activity->waits) {
	case TROUPE_WAITS_NOT:
		return;
	case TROUPE_WAITS_ANSWER:
		put(phrase, "awaits %s", peer);
		if (activity->wanted)
			put(phrase, ": %s", type_name(activity->wanted));
		break;
	case TROUPE_WAITS_ROOM:
		put(phrase, "waits for room at %s", peer);
		break;
	case TROUPE_WAITS_END:
		put(phrase, "waits for the end of %s",
		    activity->peer ? peer : "another");
		break;
	case TROUPE_WAITS_SUPERVISOR:
		put(phrase, "asks the supervisor");
		break;
	case TROUPE_WAITS_MESSAGE:
		put(phrase, "receives");
		break;
	}
	if (activity->since)
		put(phrase, ", for %s",
		    trp_look_text_span(trp_look_since(look, activity->since),
				       time));
}

static void put_message(struct phrase *phrase, const struct trp_look *look,
			const struct trp_activity *activity)
{
	char sender[ADDRESS], time[32];

	put(phrase, "%s %s",
	    activity->doing == TROUPE_DOING_METHOD ? "answers" : "handles",
	    type_name(activity->type));
	if (activity->sender)
		put(phrase, " from %s",
		    trp_look_address(look, activity->sender, sender,
				     sizeof(sender)));
	if (activity->created)
		put(phrase, ", sent %s ago",
		    trp_look_text_span(trp_look_since(look, activity->created),
				       time));
}

static void put_work(struct phrase *phrase, const struct trp_look *look,
		     const struct trp_look_actor *actor)
{
	struct trp_activity activity = actor->activity;
	char text[64], time[32];

	if (activity.doing == TROUPE_DOING_MESSAGE ||
	    activity.doing == TROUPE_DOING_METHOD) {
		put_message(phrase, look, &activity);
		return;
	}
	activity.waits = TROUPE_WAITS_NOT;
	if (activity.doing)
		put(phrase, "%s",
		    trp_status_text(&activity, text, sizeof(text)));
	/* These began with the process. */
	if (actor->has_process &&
	    (activity.doing == TROUPE_DOING_INIT ||
	     (activity.doing == TROUPE_DOING_RUN && !actor->told->received)))
		put(phrase, ", for %s",
		    trp_look_text_span(actor->process.age_ms, time));
	else if (activity.doing && actor->told->doing_ms >= 1000)
		put(phrase, ", for %s or more",
		    trp_look_text_span(actor->told->doing_ms, time));
}

static void put_activity(struct phrase *phrase, const struct trp_look *look,
			 const struct trp_look_actor *actor)
{
	const struct trp_activity *activity = &actor->activity;
	char call[32];

	if (actor->state == TRP_LOOK_ASLEEP) {
		trp_look_process_call(actor->told->pid, call);
		if (call[0])
			put(phrase, "in %s: ", call);
	}
	put_wait(phrase, look, activity);
	if (activity->waits && activity->doing == TROUPE_DOING_RUN)
		return; /* within its function, as where else */
	if (activity->waits && activity->doing)
		put(phrase, "; ");
	put_work(phrase, look, actor);
}

static void put_told(struct phrase *phrase, const Troupe__Guest__Actor *told)
{
	char time[32];

	put(phrase, "%s", told->doing);
	if (told->doing[0] && told->doing_ms)
		put(phrase, ", for %s or more",
		    trp_look_text_span(told->doing_ms, time));
}

const char *trp_look_text_doing(const struct trp_look *look,
				const struct trp_look_actor *actor, char *text,
				size_t size)
{
	const Troupe__Guest__Actor *told = actor->told;
	struct phrase phrase = { text, 0, size };

	text[0] = '\0';
	if (actor->state == TRP_LOOK_SUSPENDED)
		put(&phrase, "stopped by a signal, `kill -CONT %d` resumes it",
		    told->pid);
	if (phrase.used && (actor->activity.doing || actor->activity.waits))
		put(&phrase, "; ");
	if (actor->has_activity)
		put_activity(&phrase, look, actor);
	else if (!look->has_memory)
		put_told(&phrase, told);
	if (told->last_end[0] && !phrase.used)
		put(&phrase, "its last end: %s", told->last_end);
	if (told->unwoken)
		put(&phrase, "%s(%" PRIu64 " wakes failed, see the log)",
		    phrase.used ? " " : "", told->unwoken);
	return text;
}

/* ---- for programs -------------------------------------------------------- */

struct troupe_value *trp_look_text_ref(troupe_ref ref)
{
	char text[24];

	/* As in proto3, since not every reader keeps 64 bits of a number. */
	snprintf(text, sizeof(text), "%" PRIu64, ref);
	return troupe_value_text(text);
}

static int add_time(struct troupe_value *map, const char *key,
		    const struct trp_look *look, int64_t ns)
{
	return ns ? trp_value_add_int(map, key, trp_look_since(look, ns)) : 0;
}

static struct troupe_value *names_value(const Troupe__Guest__Actor *told)
{
	struct troupe_value *list = troupe_value_list();

	for (size_t i = 0; i < told->n_names; i++)
		troupe_value_append(list, troupe_value_text(told->names[i]));
	return list;
}

/* The states that programs knew before there was `activity`. */
static const char *life_name(uint32_t state)
{
	static const char *const names[] = { "starting", "running", "stopping",
					     "dead",	 "down",    "stopped",
					     "given up", "dormant" };

	return state < sizeof(names) / sizeof(names[0]) ? names[state] : "?";
}

static int add_told(struct troupe_value *map, const Troupe__Guest__Actor *told)
{
	int r = trp_value_add(map, "ref", trp_look_text_ref(told->ref));

	r |= trp_value_add(map, "parent", trp_look_text_ref(told->parent));
	r |= trp_value_add_int(map, "pid", told->pid);
	r |= trp_value_add_text(map, "label", told->label);
	r |= trp_value_add_text(map, "class", told->of_class);
	r |= trp_value_add(map, "names", names_value(told));
	r |= trp_value_add_text(map, "address", told->address);
	r |= trp_value_add_text(map, "state", life_name(told->state));
	r |= trp_value_add(map, "guest", troupe_value_bool(told->is_guest));
	r |= trp_value_add_int(map, "received", (int64_t)told->received);
	r |= trp_value_add_int(map, "sent", (int64_t)told->sent);
	r |= trp_value_add_int(map, "refused", (int64_t)told->refused);
	r |= trp_value_add_int(map, "dropped", (int64_t)told->dropped);
	r |= trp_value_add_int(map, "unwoken", (int64_t)told->unwoken);
	r |= trp_value_add_int(map, "restarts", told->restarts);
	r |= trp_value_add_text(map, "last_end", told->last_end);
	r |= trp_value_add_text(map, "doing", told->doing);
	r |= trp_value_add_int(map, "doing_ms", told->doing_ms);
	return r;
}

static int add_activity(struct troupe_value *map, const struct trp_look *look,
			const struct trp_activity *activity)
{
	int r = 0;

	if (activity->type)
		r |= trp_value_add_text(map, "handles",
					type_name(activity->type));
	if (activity->sender)
		r |= trp_value_add(map, "sender",
				   trp_look_text_ref(activity->sender));
	r |= add_time(map, "sent_ms", look, activity->created);
	if (activity->peer)
		r |= trp_value_add(map, "waits_for",
				   trp_look_text_ref(activity->peer));
	if (activity->wanted)
		r |= trp_value_add_text(map, "wants",
					type_name(activity->wanted));
	return r | add_time(map, "waits_ms", look, activity->since);
}

static int add_memory(struct troupe_value *map, const struct trp_look *look,
		      const struct trp_look_actor *actor)
{
	int r = trp_value_add_int(map, "unread",
				  (int64_t)actor->unread.messages);

	r |= trp_value_add_int(map, "unread_bytes",
			       (int64_t)actor->unread.bytes);
	r |= add_time(map, "oldest_ms", look, actor->unread.oldest);
	r |= trp_value_add_int(map, "put_aside", (int64_t)actor->put_aside);
	r |= trp_value_add_int(map, "mailbox_limit", actor->limit);
	if (actor->has_activity)
		r |= add_activity(map, look, &actor->activity);
	return r;
}

struct troupe_value *trp_look_text_value(const struct trp_look *look,
					 const struct trp_look_actor *actor)
{
	struct troupe_value *map = troupe_value_map();
	char text[1024];
	int r = add_told(map, actor->told);

	r |= trp_value_add_text(map, "activity",
				trp_look_state_name(actor->state));
	r |= trp_value_add_text(
		map, "what",
		trp_look_text_doing(look, actor, text, sizeof(text)));
	if (look->has_memory || look->is_far)
		r |= add_memory(map, look, actor);
	if (actor->has_process) {
		r |= trp_value_add_int(map, "age_ms", actor->process.age_ms);
		r |= trp_value_add_int(map, "cpu_ms", actor->process.cpu_ms);
		r |= trp_value_add_int(map, "rss", actor->process.rss);
	}
	if (actor->has_rates) {
		r |= trp_value_add(map, "received_rate",
				   troupe_value_double(actor->received));
		r |= trp_value_add(map, "sent_rate",
				   troupe_value_double(actor->sent));
		r |= trp_value_add(map, "cpu", troupe_value_double(actor->cpu));
	}
	if (r == 0)
		return map;
	troupe_value_free(map);
	return NULL;
}
