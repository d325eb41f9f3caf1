/* SPDX-License-Identifier: MIT */
#include "tests/sim/original.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { NAME = 24, NODES = 64, WAITING_MOST = 99 };

/* A message, kept. */
struct heard {
	enum trp_wire_type type;
	char node[NAME];
	struct trp_wire_config config;
	struct trp_scalar value;
	char history[TRP_WIRE_HISTORY_MAX][NAME];
	size_t length;
};

/* The action about the head of a list: hist, unless it pings first. */
enum notice { NOTHING, PINGED, PENDING };

struct known {
	char name[NAME];
	struct trp_scalar value;
	enum notice notice;
	int64_t pinged_at; /* counted in valid pings */
	int64_t due_ns;
	char list[NODES][NAME];
	size_t length;
};

enum phase { SILENT = -2, STARTING, IDLE, SENT, ASKED, IT };

struct original {
	const struct trp_beacon_calls *calls;
	void *user;
	char me[NAME];
	char config_node[NAME];
	struct trp_wire_config config;
	bool has_seen_itself;

	enum phase phase;
	int64_t next_ns; /* the own turn */
	int64_t done_ns; /* of the phase */
	int64_t ping_ns; /* a PING event is reported, which counts; or
			  * INT64_MAX */
	int64_t vers_ns; /* the configuration is sent again; or INT64_MAX */
	int64_t valid_pings;
	int64_t misses;

	char list[NODES][NAME];
	size_t length, bound;
	struct known known[NODES];
	size_t known_count;
	struct heard *waiting[WAITING_MOST];
	size_t waiting_count;
};

static double cycle_ns(const struct original *original)
{
	return original->config.cycle_s * 1e9;
}

static double gap_ns(const struct original *original)
{
	return original->config.gap_s * 1e9;
}

static double draw(struct original *original)
{
	return original->calls->random(original->user);
}

/* 0, .5, .75 ... of a gap */
static int64_t stagger_ns(const struct original *original, size_t place)
{
	return (int64_t)(gap_ns(original) *
			 (1 - 1 / (double)(UINT64_C(1) << place)));
}

static struct known *known(struct original *original, const char *name)
{
	size_t i;

	for (i = 0; i < original->known_count; i++)
		if (strcmp(original->known[i].name, name) == 0)
			return &original->known[i];
	assert(original->known_count < NODES);
	strcpy(original->known[original->known_count].name, name);
	return &original->known[original->known_count++];
}

/* ---- the list ------------------------------------------------------------ */

static size_t place_of(char (*list)[NAME], size_t length, const char *name)
{
	size_t i;

	for (i = 0; i < length && strcmp(list[i], name) != 0; i++)
		;
	return i;
}

static void insert(struct original *original, const char *name)
{
	char(*list)[NAME] = original->list;
	size_t *length = &original->length;
	size_t place = place_of(list, *length, name);
	bool was_there = place < *length;

	if (was_there)
		memmove(list[place], list[place + 1],
			(--*length - place) * sizeof(*list));
	if (original->bound && *length > 0 &&
	    (was_there ? place < *length : *length == original->bound))
		--*length;
	assert(*length < NODES);
	memmove(list[1], list[0], *length * sizeof(*list));
	strcpy(list[0], name);
	++*length;
}

/* ---- when ---------------------------------------------------------------- */

static double newcomer_slot(struct original *original)
{
	double total = (double)original->config.n_hosts;
	double todo = 1, factor;

	if ((double)original->known_count > total)
		total = (double)original->known_count;
	if (original->config.force_in) {
		if ((double)original->misses >= total)
			return draw(original) / 4;
		if (draw(original) > ((double)original->misses - 1) / total)
			return 0.5 + draw(original) / 2;
		return draw(original) / 2;
	}
	if (original->config.nodes > 0)
		todo = (double)original->config.nodes -
		       (double)original->length;
	factor = todo;
	if (todo <= 0) {
		original->misses++;
		factor = total;
	}
	if (draw(original) < 1 / factor / total)
		return draw(original) / 3;
	return 1.5 + draw(original) / 2;
}

static double slot(struct original *original)
{
	size_t length = original->length, place;

	if (length == 0)
		return 1.9 - draw(original) / 5;
	place = place_of(original->list, length, original->me);
	if (place == 0)
		return 2;
	if (original->config.nodes > 0 &&
	    length > (size_t)original->config.nodes)
		length = (size_t)original->config.nodes;
	if (place >= length)
		return newcomer_slot(original);
	return 1 - 1 / (double)(UINT64_C(1) << (length + 1 - place)) / 2;
}

static void wait_turn(struct original *original, struct trp_time now)
{
	original->next_ns =
		now.ns + (int64_t)(cycle_ns(original) +
				   gap_ns(original) * slot(original));
}

/* ---- out ----------------------------------------------------------------- */

static void emit(struct original *original, enum trp_beacon_event_type type,
		 const struct trp_beacon_event *more)
{
	struct trp_beacon_event event = { 0 };

	if (more)
		event = *more;
	event.type = type;
	original->calls->event(original->user, &event);
}

static void send_list(struct original *original, enum trp_wire_type type,
		      char (*list)[NAME], size_t length)
{
	const char *names[TRP_WIRE_HISTORY_MAX];
	size_t i, most = (size_t)original->config.splits;

	for (i = 0; i < length && i < most; i++)
		names[i] = list[i];
	original->calls->send(
		original->user,
		&(struct trp_wire) {
			.type = type,
			.node = type == TRP_WIRE_PING ? original->me : NULL,
			.value = known(original, list[0])->value,
			.history = names,
			.history_length = i });
}

static void send_vers(struct original *original)
{
	original->vers_ns = INT64_MAX;
	original->calls->send(
		original->user,
		&(struct trp_wire) { .type = TRP_WIRE_VERS,
				     .node = original->config_node,
				     .config = original->config });
}

static void ping(struct original *original, struct trp_time now)
{
	bool may_become_it = original->length > 0;

	trp_scalar_copy(&known(original, original->me)->value,
			original->calls->value(original->user, may_become_it));
	original->phase = may_become_it ? SENT : IDLE;
	insert(original, original->me);
	wait_turn(original, now);
	send_list(original, TRP_WIRE_PING, original->list, original->length);
}

/* ---- ends of phases ------------------------------------------------------ */

static void advance(struct original *original, struct trp_time now)
{
	for (;;) {
		if (original->phase == IDLE) {
			if (original->next_ns > now.ns)
				return;
			ping(original, now);
			continue;
		}
		if (original->phase < IDLE || original->done_ns > now.ns)
			return;
		if (original->phase == SENT) {
			original->phase = ASKED;
			original->done_ns = now.ns + (int64_t)gap_ns(original);
		} else if (original->phase == ASKED) {
			original->phase = IT;
			original->done_ns =
				now.ns + (int64_t)(cycle_ns(original) -
						   gap_ns(original) / 2);
			original->valid_pings++;
			emit(original, TRP_BEACON_TAG, NULL);
		} else {
			original->phase = IDLE;
			original->done_ns =
				now.ns + (int64_t)(gap_ns(original) * 1.5);
			original->misses = 0;
			emit(original, TRP_BEACON_UNTAG, NULL);
		}
	}
}

/* ---- in ------------------------------------------------------------------ */

static void fail(struct original *original, int error)
{
	if (original->phase == IT)
		emit(original, TRP_BEACON_UNTAG, NULL);
	original->phase = SILENT;
	emit(original, TRP_BEACON_FAILED,
	     &(struct trp_beacon_event) { .error = error });
}

/* None can be compared with any, numbers with numbers, texts with texts. */
static bool is_comparable(const struct trp_scalar *a,
			  const struct trp_scalar *b)
{
	bool is_text = a->type == TRP_SCALAR_TEXT;

	return a->type == TRP_SCALAR_NONE || b->type == TRP_SCALAR_NONE ||
	       is_text == (b->type == TRP_SCALAR_TEXT);
}

static bool has_priority(struct original *original, const char *a,
			 const char *b)
{
	int order = trp_scalar_compare(&known(original, a)->value,
				       &known(original, b)->value);

	return order ? order > 0 : strcmp(a, b) < 0;
}

static void hear_vers(struct original *original, const struct heard *heard,
		      struct trp_time now)
{
	int64_t version = heard->config.version;
	size_t place = place_of(original->list, original->length, original->me);

	if (version > original->config.version) {
		original->config = heard->config;
		strcpy(original->config_node, heard->node);
	} else if (version == original->config.version) {
		original->vers_ns = INT64_MAX;
	} else if (original->phase > SENT) {
		send_vers(original);
	} else if (place < original->length) {
		original->vers_ns = now.ns + stagger_ns(original, place);
	}
}

static void tell_ping(struct original *original, struct trp_time now)
{
	if (original->ping_ns == INT64_MAX)
		original->ping_ns = now.ns + (int64_t)(2 * gap_ns(original));
}

static void tell_later(struct original *original, char (*list)[NAME],
		       size_t length, size_t place, struct trp_time now)
{
	struct known *head = known(original, list[0]);
	double recent = (double)original->valid_pings -
			(double)original->config.nodes / 2;

	if (head->notice == PENDING)
		return;
	if (head->notice == PINGED && original->config.nodes > 1 &&
	    (double)head->pinged_at < recent) {
		head->notice = NOTHING;
		return;
	}
	head->notice = PENDING;
	head->due_ns = now.ns + stagger_ns(original, place);
	memcpy(head->list, list, length * sizeof(*list));
	head->length = length;
}

/* True: the two have the same name behind the head, or both have none. */
static bool has_same_second(const struct original *original,
			    const struct heard *heard)
{
	if (heard->length < 2 || original->length < 2)
		return heard->length < 2 && original->length < 2;
	return strcmp(heard->history[1], original->list[1]) == 0;
}

static void collide(struct original *original, const struct heard *heard,
		    struct trp_time now)
{
	bool is_same = has_same_second(original, heard);
	const char *head = original->list[0];
	char old[NODES][NAME];
	size_t length = original->length, place;
	bool wins;

	if (!is_comparable(&known(original, heard->node)->value,
			   &known(original, head)->value)) {
		fail(original, -EINVAL);
		return;
	}
	wins = has_priority(original, heard->node, head);
	memcpy(old, original->list, sizeof(old));
	if (wins) {
		memcpy(original->list, heard->history,
		       heard->length * sizeof(*old));
		original->length = heard->length;
		original->bound = original->config.nodes > 0
					  ? (size_t)original->config.nodes
					  : 0;
		if (original->phase == IT)
			emit(original, TRP_BEACON_DETAG,
			     &(struct trp_beacon_event) {
				     .node = heard->node });
		original->phase = IDLE;
		wait_turn(original, now);
		tell_ping(original, now);
	}
	place = place_of(old, length, original->me);
	if (is_same || place == length ||
	    known(original, original->me)->value.type == TRP_SCALAR_NONE)
		return;
	emit(original, TRP_BEACON_RECOVER,
	     &(struct trp_beacon_event) {
		     .prio = place, .is_replaced = wins, .node = heard->node });
	tell_later(original, old, length, place, now);
}

static void hear_list(struct original *original, const struct heard *heard,
		      struct trp_time now)
{
	struct known *sender = known(original, heard->node);

	if (heard->type == TRP_WIRE_PING) {
		if (sender->notice == PENDING) {
			sender->notice = NOTHING;
		} else {
			sender->notice = PINGED;
			sender->pinged_at = original->valid_pings;
		}
	}
	if (strcmp(heard->node, original->me) == 0 ||
	    strcmp(heard->node, original->list[0]) == 0)
		return;
	trp_scalar_copy(&sender->value, &heard->value);
	if (heard->length < 2 ||
	    strcmp(heard->history[1], original->list[0]) != 0) {
		collide(original, heard, now);
		return;
	}
	if (heard->type == TRP_WIRE_HIST)
		return;
	insert(original, heard->node);
	wait_turn(original, now);
	tell_ping(original, now);
	if (original->phase == IT) {
		original->misses = 0;
		emit(original, TRP_BEACON_UNTAG, NULL);
	}
	original->phase = IDLE;
}

static void process(struct original *original, const struct heard *heard,
		    struct trp_time now)
{
	if (heard->type == TRP_WIRE_VERS)
		hear_vers(original, heard, now);
	else if (heard->type != TRP_WIRE_INIT)
		hear_list(original, heard, now);
	original_tick(original, now);
}

static struct heard *keep(const struct trp_wire *message)
{
	struct heard *heard = calloc(1, sizeof(*heard));
	size_t i;

	heard->type = message->type;
	heard->config = message->config;
	heard->length = message->history_length;
	trp_scalar_copy(&heard->value, &message->value);
	for (i = 0; i < heard->length; i++)
		strcpy(heard->history[i], message->history[i]);
	strcpy(heard->node, message->node ? message->node : heard->history[0]);
	return heard;
}

static void drop(struct heard *heard)
{
	trp_scalar_fini(&heard->value);
	free(heard);
}

static void begin(struct original *original, struct trp_time now)
{
	size_t i;

	ping(original, now);
	for (i = 0; i < original->waiting_count; i++) {
		process(original, original->waiting[i], now);
		drop(original->waiting[i]);
	}
	original->waiting_count = 0;
}

static void hear_own_init(struct original *original, struct trp_time now)
{
	if (original->has_seen_itself) {
		fail(original, -EEXIST);
		return;
	}
	original->has_seen_itself = true;
	if (original->phase == STARTING)
		begin(original, now);
}

void original_receive(struct original *original, const struct trp_wire *message,
		      struct trp_time now)
{
	struct heard *heard;

	if (original->phase == SILENT)
		return;
	if (message->type == TRP_WIRE_INIT) {
		if (strcmp(message->node, original->me) == 0)
			hear_own_init(original, now);
		return;
	}
	heard = keep(message);
	if (original->phase == STARTING) {
		assert(original->waiting_count < WAITING_MOST);
		original->waiting[original->waiting_count++] = heard;
		return;
	}
	process(original, heard, now);
	drop(heard);
}

/* ---- time ---------------------------------------------------------------- */

void original_tick(struct original *original, struct trp_time now)
{
	struct known *head;
	size_t i;

	if (original->phase == SILENT)
		return;
	if (original->phase == STARTING) {
		if (original->done_ns <= now.ns)
			fail(original, -ETIMEDOUT);
		return;
	}
	for (i = 0; i < original->known_count; i++) {
		head = &original->known[i];
		if (head->notice != PENDING || head->due_ns > now.ns)
			continue;
		head->notice = NOTHING;
		send_list(original, TRP_WIRE_HIST, head->list, head->length);
	}
	if (original->vers_ns <= now.ns)
		send_vers(original);
	if (original->ping_ns <= now.ns) {
		original->ping_ns = INT64_MAX;
		original->valid_pings += original->phase <= IDLE;
	}
	advance(original, now);
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

struct trp_time original_deadline(const struct original *original)
{
	int64_t due_ns = earlier(original->vers_ns, original->ping_ns);
	size_t i;

	if (original->phase == SILENT)
		return TRP_NEVER;
	if (original->phase == IDLE)
		due_ns = earlier(due_ns, original->next_ns);
	else
		due_ns = earlier(due_ns, original->done_ns);
	for (i = 0; i < original->known_count; i++)
		if (original->known[i].notice == PENDING)
			due_ns = earlier(due_ns, original->known[i].due_ns);
	return (struct trp_time) { due_ns };
}

const char *original_listed(const struct original *original, size_t place)
{
	return place < original->length ? original->list[place] : NULL;
}

/* ---- its life ------------------------------------------------------------ */

struct original *original_new(const char *node,
			      const struct trp_wire_config *config,
			      const struct trp_beacon_calls *calls, void *user)
{
	struct original *original = calloc(1, sizeof(*original));

	original->calls = calls;
	original->user = user;
	original->config = *config;
	strcpy(original->me, node);
	strcpy(original->config_node, node);
	original->bound = config->nodes > 0 ? (size_t)config->nodes : 0;
	original->vers_ns = INT64_MAX;
	original->ping_ns = INT64_MAX;
	original->phase = STARTING;
	return original;
}

void original_free(struct original *original)
{
	size_t i;

	if (!original)
		return;
	for (i = 0; i < original->known_count; i++)
		trp_scalar_fini(&original->known[i].value);
	for (i = 0; i < original->waiting_count; i++)
		drop(original->waiting[i]);
	free(original);
}

void original_start(struct original *original, struct trp_time now)
{
	double wait = cycle_ns(original) +
		      gap_ns(original) * (1.5 + draw(original) / 2);

	original->done_ns = now.ns + (int64_t)wait;
	original->calls->send(original->user,
			      &(struct trp_wire) { .type = TRP_WIRE_INIT,
						   .node = original->me });
	send_vers(original);
}
