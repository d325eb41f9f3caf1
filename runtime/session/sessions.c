/* SPDX-License-Identifier: MIT */
#include "runtime/session/sessions.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "runtime/session/arrive.h"
#include "runtime/session/drive.h"
#include "runtime/session/emit.h"

#define OUTAGE_NS     INT64_C(10000000000)
#define PEERS_MAX     4096
#define BYTES	      (UINT64_C(8) << 20)
#define FRAMES	      800
#define STRANGERS_MAX 1000	       /* a second */
#define GRID_NS	      INT64_C(4000000) /* one scan is for all that is due */
#define LATE_NS	      INT64_C(1000000000)
#define RETURN_NS     INT64_C(1000000000)

struct trp_sessions {
	struct trp_session_world world;
	struct trp_session **at; /* sorted by number */
	size_t count, space, most;
	struct trp_time due; /* no later than that of any session */
	double tokens;	     /* for strangers */
	struct trp_time filled;
	bool is_inside;
	uint8_t *plain; /* what a seal had closed */
};

/* ---- the table ----------------------------------------------------------- */

static size_t place_of(const struct trp_sessions *sessions, uint32_t number)
{
	size_t low = 0, high = sessions->count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (sessions->at[middle]->number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct trp_session *find(const struct trp_sessions *sessions,
				uint32_t number)
{
	size_t place = place_of(sessions, number);

	if (place == sessions->count || sessions->at[place]->number != number)
		return NULL;
	return sessions->at[place];
}

static void session_free(struct trp_session *session)
{
	trp_session_fini(session);
	free(session);
}

/* The one without a session that was silent longest goes. */
static int make_way(struct trp_sessions *sessions)
{
	size_t i, oldest = sessions->count;

	if (sessions->count < sessions->most)
		return 0;
	for (i = 0; i < sessions->count; i++)
		if (sessions->at[i]->state == TRP_SESSION_IDLE &&
		    (oldest == sessions->count ||
		     sessions->at[i]->since.ns <
			     sessions->at[oldest]->since.ns))
			oldest = i;
	if (oldest == sessions->count)
		return -ENOBUFS;
	session_free(sessions->at[oldest]);
	sessions->count--;
	memmove(sessions->at + oldest, sessions->at + oldest + 1,
		(sessions->count - oldest) * sizeof(struct trp_session *));
	return 0;
}

static int grow(struct trp_sessions *sessions)
{
	size_t space = sessions->space ? 2 * sessions->space : 8;
	struct trp_session **at;

	if (sessions->count < sessions->space)
		return 0;
	at = reallocarray(sessions->at, space, sizeof(struct trp_session *));
	if (!at)
		return -ENOMEM;
	sessions->at = at;
	sessions->space = space;
	return 0;
}

/* 0, -ENOBUFS or -ENOMEM. */
static int make(struct trp_sessions *sessions, uint32_t number,
		struct trp_session **ret_session)
{
	struct trp_session *session = find(sessions, number);
	size_t place;
	int r;

	if (session) {
		*ret_session = session;
		return 0;
	}
	r = make_way(sessions);
	if (r == 0)
		r = grow(sessions);
	if (r < 0)
		return r;
	session = malloc(sizeof(*session));
	if (!session)
		return -ENOMEM;
	trp_session_init(session, &sessions->world, number);
	place = place_of(sessions, number);
	memmove(sessions->at + place + 1, sessions->at + place,
		(sessions->count - place) * sizeof(struct trp_session *));
	sessions->at[place] = session;
	sessions->count++;
	*ret_session = session;
	return 0;
}

/* ---- life ---------------------------------------------------------------- */

int trp_sessions_new(struct trp_sessions **ret_sessions,
		     const struct trp_sessions_options *options,
		     const struct trp_session_calls *calls, void *user)
{
	struct trp_sessions *sessions;
	struct trp_session_world *world;

	if (!trp_frame_is_number(options->number))
		return -EINVAL;
	sessions = calloc(1, sizeof(*sessions));
	if (!sessions)
		return -ENOMEM;
	if (options->guard && !(sessions->plain = malloc(TRP_FRAME_SIZE_MAX))) {
		free(sessions);
		return -ENOMEM;
	}
	world = &sessions->world;
	world->calls = calls;
	world->user = user;
	world->unlinked = TRP_NEVER;
	world->guard = options->guard;
	world->number = options->number;
	world->outage_ns = options->outage_ns ? options->outage_ns : OUTAGE_NS;
	world->limit_ns = world->outage_ns + world->outage_ns / 4;
	world->bytes_all = options->bytes ? options->bytes : BYTES;
	world->frames_all = options->frames ? options->frames : FRAMES;
	sessions->most = options->peers_max ? options->peers_max : PEERS_MAX;
	sessions->due = TRP_NEVER;
	sessions->tokens = STRANGERS_MAX;
	sessions->filled = TRP_LONG_AGO;
	*ret_sessions = sessions;
	return 0;
}

void trp_sessions_free(struct trp_sessions *sessions)
{
	if (!sessions)
		return;
	for (size_t i = 0; i < sessions->count; i++)
		session_free(sessions->at[i]);
	free(sessions->at);
	free(sessions->plain);
	free(sessions);
}

void trp_sessions_check(const struct trp_sessions *sessions)
{
	uint64_t open = 0;
	size_t i;

	assert(sessions->count <= sessions->most);
	for (i = 0; i < sessions->count; i++) {
		trp_session_check(sessions->at[i]);
		assert(!i ||
		       sessions->at[i - 1]->number < sessions->at[i]->number);
		assert(sessions->due.ns - GRID_NS <=
		       trp_session_due(sessions->at[i]).ns);
		open += sessions->at[i]->state == TRP_SESSION_OPEN;
	}
	assert(sessions->world.open == open);
}

/* ---- entering and leaving ------------------------------------------------ */

static void enter(struct trp_sessions *sessions, struct trp_time now)
{
	assert(!sessions->is_inside);
	sessions->is_inside = true;
	sessions->world.now = now;
}

static void note_due(struct trp_sessions *sessions,
		     const struct trp_session *session)
{
	int64_t ns = trp_session_due(session).ns;

	if (ns < TRP_NEVER.ns - GRID_NS)
		ns = (ns / GRID_NS + 1) * GRID_NS;
	if (sessions->due.ns > ns)
		sessions->due.ns = ns;
}

/* session: the one that may have changed, or NULL. */
static void leave(struct trp_sessions *sessions,
		  const struct trp_session *session)
{
	if (session)
		note_due(sessions, session);
	sessions->is_inside = false;
	TRP_CHECK(trp_sessions_check(sessions));
}

/* ---- the caller ---------------------------------------------------------- */

static int make_for(struct trp_sessions *sessions, uint32_t number,
		    struct trp_session **ret_session)
{
	if (!trp_frame_is_number(number) || number == sessions->world.number)
		return -EINVAL;
	return make(sessions, number, ret_session);
}

size_t trp_sessions_room(struct trp_sessions *sessions, uint32_t number)
{
	struct trp_session *session = find(sessions, number);

	return session ? trp_session_room(session) : TRP_SESSION_BYTES_LEAST;
}

int trp_sessions_send(struct trp_sessions *sessions, uint32_t number,
		      const void *payload, size_t length, struct trp_time now)
{
	struct trp_session *session = NULL;
	int r = length ? 0 : -EINVAL;

	enter(sessions, now);
	if (r == 0)
		r = make_for(sessions, number, &session);
	if (r == 0)
		r = trp_drive_push(session, payload, length, now);
	leave(sessions, session);
	return r;
}

int trp_sessions_watch(struct trp_sessions *sessions, uint32_t number,
		       struct trp_time now)
{
	struct trp_session *session = NULL;
	int r;

	enter(sessions, now);
	r = make_for(sessions, number, &session);
	if (r == 0)
		trp_drive_watch(session, now);
	leave(sessions, session);
	return r;
}

void trp_sessions_gone(struct trp_sessions *sessions, uint32_t number,
		       struct trp_time now)
{
	struct trp_session *session = find(sessions, number);

	enter(sessions, now);
	if (session)
		trp_drive_gone(session, now);
	leave(sessions, session);
}

void trp_sessions_accept(struct trp_sessions *sessions, uint32_t number,
			 struct trp_time now)
{
	struct trp_session *session = find(sessions, number);

	enter(sessions, now);
	if (session)
		trp_drive_accept(session);
	leave(sessions, session);
}

static void for_all(struct trp_sessions *sessions, struct trp_time now,
		    void (*step)(struct trp_session *, struct trp_time))
{
	enter(sessions, now);
	sessions->due = TRP_NEVER;
	for (size_t i = 0; i < sessions->count; i++) {
		step(sessions->at[i], now);
		note_due(sessions, sessions->at[i]);
	}
	leave(sessions, NULL);
}

void trp_sessions_resume(struct trp_sessions *sessions, struct trp_time now)
{
	for_all(sessions, now, trp_drive_resume);
}

void trp_sessions_unlink(struct trp_sessions *sessions, struct trp_time now)
{
	if (sessions->world.unlinked.ns == TRP_NEVER.ns)
		sessions->world.unlinked = now;
}

void trp_sessions_relink(struct trp_sessions *sessions, struct trp_time now)
{
	struct trp_session_world *world = &sessions->world;

	if (world->unlinked.ns < now.ns)
		world->patient.ns =
			now.ns + (now.ns - world->unlinked.ns) + RETURN_NS;
	world->unlinked = TRP_NEVER;
	for_all(sessions, now, trp_drive_relink);
}

void trp_sessions_close(struct trp_sessions *sessions, struct trp_time now)
{
	for_all(sessions, now, trp_drive_close);
}

struct trp_time trp_sessions_deadline(const struct trp_sessions *sessions)
{
	return sessions->due;
}

/* While this process did not run, nobody's silence can be told. */
static void forgive(struct trp_sessions *sessions, int64_t late_ns,
		    struct trp_time now)
{
	struct trp_time *since;

	for (size_t i = 0; i < sessions->count; i++) {
		since = &sessions->at[i]->since;
		since->ns += late_ns;
		if (since->ns > now.ns)
			*since = now;
	}
}

void trp_sessions_tick(struct trp_sessions *sessions, struct trp_time now)
{
	if (now.ns < sessions->due.ns)
		return;
	if (now.ns - sessions->due.ns > LATE_NS)
		forgive(sessions, now.ns - sessions->due.ns, now);
	for_all(sessions, now, trp_drive_tick);
}

bool trp_sessions_is_busy(const struct trp_sessions *sessions)
{
	for (size_t i = 0; i < sessions->count; i++)
		if (sessions->at[i]->state != TRP_SESSION_IDLE)
			return true;
	return false;
}

const struct trp_session_counts *trp_sessions_counts(
	const struct trp_sessions *sessions)
{
	return &sessions->world.counts;
}

/* ---- what arrives -------------------------------------------------------- */

/* Frames of nobody's session cost something: so many are looked at. */
static bool may_cost(struct trp_sessions *sessions, struct trp_time now)
{
	if (sessions->filled.ns != TRP_LONG_AGO.ns)
		sessions->tokens += (double)(now.ns - sessions->filled.ns) *
				    1e-9 * STRANGERS_MAX;
	if (sessions->tokens > STRANGERS_MAX)
		sessions->tokens = STRANGERS_MAX;
	sessions->filled = now;
	if (sessions->tokens < 1) {
		sessions->world.counts.throttled++;
		return false;
	}
	sessions->tokens--;
	return true;
}

static bool is_signed(struct trp_sessions *sessions,
		      const struct trp_frame *frame, const uint8_t *bytes)
{
	struct trp_guard *guard = sessions->world.guard;

	if (!guard ||
	    guard->calls->verify(guard, bytes, TRP_FRAME_HEADER, frame->tag))
		return true;
	sessions->world.counts.refused++;
	return false;
}

/* The payload is read to `plain`. */
static bool is_sealed_by(struct trp_sessions *sessions,
			 struct trp_guard_key *key, struct trp_frame *frame,
			 const uint8_t *bytes)
{
	struct trp_guard *guard = sessions->world.guard;

	if (!guard)
		return true;
	if (!key ||
	    !guard->calls->open(key, bytes, frame->payload, frame->length,
				sessions->plain, frame->tag)) {
		sessions->world.counts.refused++;
		return false;
	}
	frame->payload = sessions->plain;
	return true;
}

/* The same, with a key that no session has yet. */
static bool is_sealed(struct trp_sessions *sessions, struct trp_frame *frame,
		      const uint8_t *bytes)
{
	struct trp_guard *guard = sessions->world.guard;
	struct trp_guard_path path = { frame->from, frame->to, frame->epoch,
				       frame->echo };
	struct trp_guard_key *key;
	bool is_so;

	if (!guard)
		return true;
	key = guard->calls->key_new(guard, &path);
	is_so = is_sealed_by(sessions, key, frame, bytes);
	if (key)
		guard->calls->key_free(key);
	return is_so;
}

static struct trp_session *hello(struct trp_sessions *sessions,
				 const struct trp_frame *frame,
				 const uint8_t *bytes, struct trp_time now)
{
	struct trp_session *session = NULL;

	if (!is_signed(sessions, frame, bytes) || !may_cost(sessions, now))
		return NULL;
	if (make(sessions, frame->from, &session) < 0)
		sessions->world.counts.throttled++;
	else
		trp_arrive_hello(session, frame, now);
	return session;
}

static void stranger(struct trp_sessions *sessions, struct trp_frame *frame,
		     const uint8_t *bytes, struct trp_time now)
{
	sessions->world.counts.stale++;
	if (may_cost(sessions, now) && is_sealed(sessions, frame, bytes))
		trp_emit_reset(&sessions->world, frame->from, frame->echo,
			       frame->epoch);
}

/* ACK, MAIL, BYE. */
static void of_session(struct trp_sessions *sessions,
		       struct trp_session *session, struct trp_frame *frame,
		       const uint8_t *bytes, struct trp_time now)
{
	if (session && trp_arrive_belongs(session, frame)) {
		if (is_sealed_by(sessions, session->key_in, frame, bytes))
			trp_arrive_frame(session, frame, now);
	} else if (session && trp_arrive_is_fresh(session, frame)) {
		if (is_sealed(sessions, frame, bytes) &&
		    trp_session_open(session, frame->epoch, now) == 0) {
			trp_arrive_frame(session, frame, now);
			trp_emit_mail(session, now);
		}
	} else {
		stranger(sessions, frame, bytes, now);
	}
}

static struct trp_session *dispatch(struct trp_sessions *sessions,
				    struct trp_frame *frame,
				    const uint8_t *bytes, struct trp_time now)
{
	struct trp_session *session = find(sessions, frame->from);

	switch (frame->kind) {
	case TRP_FRAME_HELLO:
		return hello(sessions, frame, bytes, now);
	case TRP_FRAME_WELCOME:
		if (!session || !trp_arrive_is_fresh(session, frame))
			sessions->world.counts.stale++;
		else if (is_signed(sessions, frame, bytes))
			trp_arrive_welcome(session, frame, now);
		break;
	case TRP_FRAME_RESET:
		if (!session || !trp_arrive_belongs(session, frame))
			sessions->world.counts.stale++;
		else if (is_signed(sessions, frame, bytes))
			trp_arrive_reset(session, frame);
		break;
	case TRP_FRAME_ACK:
	case TRP_FRAME_MAIL:
	case TRP_FRAME_BYE:
		of_session(sessions, session, frame, bytes, now);
		break;
	case TRP_FRAME_KINDS:
		break;
	}
	return session;
}

void trp_sessions_receive(struct trp_sessions *sessions, const void *bytes,
			  size_t length, struct trp_time now)
{
	struct trp_session_counts *counts = &sessions->world.counts;
	struct trp_session *session = NULL;
	struct trp_frame frame;

	enter(sessions, now);
	if (trp_frame_read(bytes, length, &frame) < 0)
		counts->malformed++;
	else if (frame.to != sessions->world.number)
		counts->misrouted++;
	else if (!frame.tag != !sessions->world.guard)
		counts->refused++;
	else
		session = dispatch(sessions, &frame, bytes, now);
	leave(sessions, session);
}
