/* SPDX-License-Identifier: MIT */
/* Dead letters: counted, reported and logged. */
#include "runtime/node/dead_letter.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "ipc/hot.h"
#include "ipc/mailbox_unread.h"
#include "runtime/node/dead_letter.pb-c.h"
#include "runtime/node/log.h"
#include "runtime/node/post.h"
#include "runtime/node/shelved.h"
#include "runtime/node/status.h"
#include "runtime/node/types.h"
#include "serialize/message.h"
#include "serialize/type.h"

enum {
	SUBSCRIBERS = 8,
	START_MAX = 128,    /* reported bytes of a body */
	LINES = 5,	    /* in the log, within */
	SILENCE_MS = 10000, /* so long */
	DEPTH_MAX = 1 << 16 /* unread bytes of the supervisor, whose lanes have
			     * no limit */
};

/* A count for each cause, and of those untold. */
struct letters {
	_Atomic uint64_t count[TROUPE_DEAD_CAUSES + 1];
};

/* In the supervisor's front: all can read it, only the supervisor writes it. */
struct notices {
	struct letters letters; /* its own, and those of the dead */
	_Atomic uint64_t subscriber[SUBSCRIBERS];
	_Atomic uint32_t is_ending; /* the node: the log keeps silent */
};
static_assert(sizeof(struct notices) <=
		      sizeof(((struct trp_front *)NULL)->user),
	      "fits into a front");

static TRP_HOT struct trp_mailbox *mailbox;
static TRP_HOT struct trp_timers *timers;
static TRP_HOT _Atomic uint64_t *offset;
static TRP_HOT struct letters *letters;

/* Of this process: lines logged since, and lines left out. */
static struct {
	struct troupe_timer timer;
	int64_t since;
	unsigned said;
	unsigned long unsaid;
} silence;

static struct notices *notices(void)
{
	return (struct notices *)trp_arena_front(mailbox->arena,
						 TRP_SLOT_SUPERVISOR)
		->user;
}

void trp_dead_letter_begin(struct trp_mailbox *own,
			   struct trp_timers *own_timers,
			   _Atomic uint64_t *own_offset)
{
	assert(own && own_timers &&
	       !own_offset == (own->slot == TRP_SLOT_SUPERVISOR));
	/* Of another life, whose timers are gone. */
	if (silence.timer.place)
		memset(&silence, 0, sizeof(silence));
	mailbox = own;
	timers = own_timers;
	offset = own_offset;
	letters = offset ? NULL : &notices()->letters;
}

static troupe_ref self(void)
{
	return trp_ref(mailbox->slot, mailbox->generation);
}

/* ---- counting ------------------------------------------------------------ */

/* The counts are allocated on first use. */
static void make_letters(void)
{
	static struct letters nowhere; /* there is no room, now */
	uint64_t at;

	letters = &nowhere;
	if (trp_region_alloc(&mailbox->region, sizeof(*letters), &at) < 0)
		return;
	letters = trp_region_at(&mailbox->region, at);
	memset(letters, 0, sizeof(*letters));
	/* Pairs with the load in letters_of(). */
	trp_store_release(offset, at);
}

static void count(unsigned which)
{
	assert(which <= TROUPE_DEAD_CAUSES);
	if (!letters)
		make_letters();
	trp_status_count(&letters->count[which]);
}

/* Of another, untrusted process; NULL: there are none. */
static const struct letters *letters_of(uint32_t slot,
					const struct trp_status *status)
{
	uint64_t at = trp_load_acquire(&status->letters);

	return at ? trp_arena_at(mailbox->arena,
				 trp_arena_region(mailbox->arena, slot), at,
				 sizeof(struct letters))
		  : NULL;
}

uint32_t trp_dead_letter_inherit(troupe_ref ref)
{
	const struct trp_status *status = trp_status_last(mailbox->arena, ref);
	const struct letters *theirs;
	uint32_t put_aside;

	if (!status)
		return 0;
	theirs = letters_of(trp_ref_slot(ref), status);
	/* The number is untrusted; no machine holds that many. */
	put_aside = trp_load_relaxed(&status->put_aside);
	for (int i = 0; theirs && i <= TROUPE_DEAD_CAUSES; i++)
		atomic_fetch_add_explicit(&letters->count[i],
					  atomic_load(&theirs->count[i]),
					  memory_order_relaxed);
	atomic_fetch_add_explicit(&letters->count[TROUPE_DEAD_UNREAD],
				  put_aside, memory_order_relaxed);
	return put_aside;
}

static void add(struct troupe_dead_counts *sum, const struct letters *of)
{
	for (int i = 0; of && i < TROUPE_DEAD_CAUSES; i++)
		sum->by_cause[i] += trp_load_relaxed(&of->count[i]);
	if (of)
		sum->untold += trp_load_relaxed(&of->count[TROUPE_DEAD_CAUSES]);
}

void trp_dead_letter_of_ended(struct troupe_dead_counts *ret_counts)
{
	*ret_counts = (struct troupe_dead_counts) { 0 };
	add(ret_counts, &notices()->letters);
}

int troupe_dead_letters_count(troupe_ref ref,
			      struct troupe_dead_counts *ret_counts)
{
	const struct trp_arena *arena = mailbox ? mailbox->arena : NULL;
	struct troupe_dead_counts sum = { 0 };
	const struct trp_status *status;

	if (!arena)
		return -ESHUTDOWN;
	if (ref) {
		status = trp_status_of(arena, ref);
		if (!status)
			return trp_status_absent(arena, ref);
		add(&sum, letters_of(trp_ref_slot(ref), status));
		*ret_counts = sum;
		return 0;
	}
	add(&sum, &notices()->letters);
	for (uint32_t slot = 1; slot < arena->slots; slot++) {
		uint64_t life =
			trp_load_relaxed(&trp_arena_slot(arena, slot)->life);

		status = trp_status_of(
			arena, trp_ref(slot, trp_life_generation(life)));
		if (status)
			add(&sum, letters_of(slot, status));
	}
	*ret_counts = sum;
	return 0;
}

/* ---- telling ------------------------------------------------------------- */

struct start {
	ProtobufCBuffer base;
	size_t size;
	uint8_t bytes[START_MAX];
};

static void append(ProtobufCBuffer *buffer, size_t size, const uint8_t *bytes)
{
	struct start *start = (struct start *)buffer;
	size_t room = sizeof(start->bytes) - start->size;

	assert(start->size <= sizeof(start->bytes));
	size = size < room ? size : room;
	memcpy(start->bytes + start->size, bytes, size);
	start->size += size;
}

static void take_start(const struct trp_dead *dead, struct start *start)
{
	start->base.append = append;
	start->size = 0;
	if (dead->body)
		append(&start->base, dead->size, dead->body);
	else if (dead->message)
		protobuf_c_message_pack_to_buffer(dead->message, &start->base);
}

static int post(troupe_ref to, const struct trp_dead *dead,
		const ProtobufCMessage *letter)
{
	struct trp_envelope envelope = {
		.sender = self(),
		.deadline = INT64_MAX,
		.created = trp_time_now().ns,
		.flow = dead->flow,
		.hop = trp_envelope_next_hop(dead->hop),
		.kind = TRP_MESSAGE,
	};

	if (mailbox->slot == TRP_SLOT_SUPERVISOR &&
	    trp_mailbox_unread_bytes(mailbox->arena, trp_ref_slot(to),
				     mailbox->slot) > DEPTH_MAX)
		return -EAGAIN;
	return trp_node_post(mailbox, to, TRP_MAIL, &envelope, letter, NULL,
			     NULL);
}

static void tell(const struct trp_dead *dead)
{
	Troupe__DeadLetter letter = TROUPE__DEAD_LETTER__INIT;
	struct start start;
	bool is_ready = false;
	troupe_ref to;

	for (int i = 0; i < SUBSCRIBERS; i++) {
		to = trp_load_relaxed(&notices()->subscriber[i]);
		if (!to)
			continue;
		if (!is_ready) {
			take_start(dead, &start);
			letter.cause = dead->cause;
			letter.sender = dead->sender;
			letter.target = dead->target;
			letter.type = dead->type;
			letter.size = dead->size;
			letter.created = dead->created;
			letter.start.data = start.bytes;
			letter.start.len = start.size;
			is_ready = true;
		}
		if (post(to, dead, &letter.base) < 0)
			count(TROUPE_DEAD_CAUSES);
	}
}

/* ---- saying -------------------------------------------------------------- */

static const char *const text_of[] = {
	[TROUPE_DEAD_TARGET] = "no such actor",
	[TROUPE_DEAD_REFUSED] = "no room",
	[TROUPE_DEAD_DROPPED] = "no room, and its class drops it",
	[TROUPE_DEAD_UNREADABLE] = "it cannot be read",
	[TROUPE_DEAD_UNHANDLED] = "no handler",
	[TROUPE_DEAD_EXPIRED] = "it came too late",
	[TROUPE_DEAD_CLOSED] = "it was sent after troupe_close()",
	[TROUPE_DEAD_UNREAD] = "its receiver ended first",
	[TROUPE_DEAD_CRASHED] = "its receiver died while it handled it",
	[TROUPE_DEAD_UNREACHABLE] = "its node was lost; it may have arrived",
};
static_assert(sizeof(text_of) / sizeof(text_of[0]) == TROUPE_DEAD_CAUSES,
	      "a text for each");

const char *troupe_dead_letter_text(enum troupe_dead_cause cause)
{
	return (unsigned)cause < TROUPE_DEAD_CAUSES ? text_of[cause]
						    : "unknown";
}

/* "worker[4711]", by the directory. */
static const char *name_of(troupe_ref ref, char *buffer, size_t size)
{
	uint32_t slot = trp_ref_slot(ref);
	const struct trp_slot *line;

	if (!ref || slot >= mailbox->arena->slots) {
		snprintf(buffer, size, "nobody");
		return buffer;
	}
	line = trp_arena_slot(mailbox->arena, slot);
	if (ref == self())
		snprintf(buffer, size, "%s[%d]", trp_log_title(),
			 (int)getpid());
	else if (trp_life_generation(trp_load_acquire(&line->life)) ==
		 trp_ref_generation(ref))
		snprintf(buffer, size, "%.*s[%d]", (int)sizeof(line->name),
			 line->name, (int)atomic_load(&line->pid));
	else
		snprintf(buffer, size, "an actor that is gone");
	return buffer;
}

void trp_dead_letter_end(void)
{
	if (!silence.unsaid)
		return;
	troupe_log(TROUPE_WARNING, "%lu more dead letters", silence.unsaid);
	silence.unsaid = 0;
}

/* The arena is gone: from now on dead letters are not reported. */
void trp_dead_letter_leave(void)
{
	trp_dead_letter_end();
	mailbox = NULL;
	letters = NULL;
}

static int silence_is_over(struct troupe_timer *timer)
{
	trp_dead_letter_end();
	return 0;
}

static bool may_say(void)
{
	int64_t now = trp_time_now().ns;

	if (now - silence.since > SILENCE_MS * INT64_C(1000000)) {
		trp_dead_letter_end();
		silence.since = now;
		silence.said = 0;
	}
	if (silence.said < LINES) {
		silence.said++;
		return true;
	}
	if (silence.unsaid++ == 0) {
		silence.timer.fired = silence_is_over;
		trp_timers_start(timers, &silence.timer,
				 troupe_in_ms(SILENCE_MS));
	}
	return false;
}

static void say(const struct trp_dead *dead)
{
	const char *type = trp_types_name(dead->type);
	char sender[TRP_TITLE_SIZE + 16], target[TRP_TITLE_SIZE + 16];
	char name[32];

	if (dead->is_quiet || trp_load_relaxed(&notices()->is_ending) ||
	    !may_say())
		return;
	snprintf(name, sizeof(name), "type %016llx",
		 (unsigned long long)dead->type);
	troupe_log(TROUPE_WARNING,
		   "dead letter: %s, %zu bytes, from %s to %s: %s",
		   type ? type : name, dead->size,
		   name_of(dead->sender, sender, sizeof(sender)),
		   name_of(dead->target, target, sizeof(target)),
		   text_of[dead->cause]);
}

/* ---- noticing ------------------------------------------------------------ */

void trp_dead_letter_notice(const struct trp_dead *dead)
{
	if (!mailbox)
		return;
	assert((unsigned)dead->cause < TROUPE_DEAD_CAUSES);
	count(dead->cause);
	if (dead->type == trp_type_of(&troupe__dead_letter__descriptor))
		return;
	tell(dead);
	say(dead);
}

/* routes: its sender may give it to another. */
static void tell_unread(const struct trp_mail *mail, troupe_ref target,
			bool is_quiet, bool routes)
{
	struct trp_envelope envelope = { 0 };
	struct trp_dead dead = { .cause = TROUPE_DEAD_UNREAD,
				 .target = target,
				 .is_quiet = is_quiet };

	if (trp_envelope_read(mail->bytes, mail->size, &envelope, &dead.body,
			      &dead.size) < 0 ||
	    envelope.kind == TRP_CONTROL)
		return;
	if (routes && envelope.flags >> TRP_ROUTER_SHIFT &&
	    trp_status_of(mailbox->arena, envelope.sender))
		return;
	dead.sender = envelope.sender;
	dead.type = envelope.type;
	dead.created = envelope.created;
	trp_dead_letter_notice(&dead);
}

void trp_dead_letter_unread(const struct trp_mail *mail, troupe_ref target,
			    bool is_quiet)
{
	tell_unread(mail, target, is_quiet, true);
}

static int is_shelved(const struct trp_mail *mail, uint32_t deaths, void *data)
{
	const struct trp_dead *dead = data;

	tell_unread(mail, dead->target, dead->is_quiet, false);
	return 0;
}

void trp_dead_letter_shelved(troupe_ref ref, bool is_quiet)
{
	struct trp_dead dead = { .target = ref, .is_quiet = is_quiet };

	trp_shelved_each(mailbox->arena,
			 trp_arena_region(mailbox->arena, trp_ref_slot(ref)),
			 is_shelved, &dead);
}

/* ---- subscribers --------------------------------------------------------- */

/* The place of `ref` among them; 0: a free place.  NULL: there is none. */
static _Atomic uint64_t *find_subscriber(troupe_ref ref)
{
	_Atomic uint64_t *place = notices()->subscriber;

	for (int i = 0; i < SUBSCRIBERS; i++)
		if (trp_load_relaxed(&place[i]) == ref)
			return &place[i];
	return NULL;
}

int trp_dead_letter_subscribe(troupe_ref ref)
{
	_Atomic uint64_t *place = find_subscriber(ref);

	assert(ref && mailbox->slot == TRP_SLOT_SUPERVISOR);
	if (!place)
		place = find_subscriber(0);
	if (!place)
		return -ENOSPC;
	trp_store_relaxed(place, ref);
	return 0;
}

int trp_dead_letter_unsubscribe(troupe_ref ref)
{
	_Atomic uint64_t *place = find_subscriber(ref);

	if (!place)
		return -ENOENT;
	trp_store_relaxed(place, 0);
	return 0;
}

void trp_dead_letter_silence(void)
{
	trp_store_relaxed(&notices()->is_ending, 1);
}

int troupe_dead_letter_read(const struct troupe_message *message,
			    struct troupe_dead_letter *ret_letter)
{
	const Troupe__DeadLetter *letter = message->body;

	if (message->type != &troupe__dead_letter__descriptor || !letter ||
	    letter->cause >= TROUPE_DEAD_CAUSES)
		return -EINVAL;
	*ret_letter = (struct troupe_dead_letter) {
		.cause = (enum troupe_dead_cause)letter->cause,
		.sender = letter->sender,
		.target = letter->target,
		.type = trp_types_find(letter->type),
		.created = { letter->created },
		.size = letter->size,
		.start = letter->start.data,
		.start_size = letter->start.len,
	};
	return 0;
}
