/* SPDX-License-Identifier: MIT */
#include "runtime/mail/proofs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MS INT64_C(1000000)

enum { PAUSE_MOST_MS = 2000 };

/* has_here || is_gone, and it has been asked. */
struct trp_mail_proof {
	struct trp_mail_proof *next;
	uint64_t epoch; /* that it has to echo */
	bool has_here, is_gone;
	struct trp_time here_until, gone_until; /* NEVER: not that */
	struct trp_time again;
	int64_t pause_ms;
	struct trp_presence_heard heard; /* its words are bytes */
	uint8_t bytes[];
};

void trp_mail_proofs_init(struct trp_mail_proofs *proofs, uint32_t number,
			  struct trp_guard *guard,
			  const struct trp_mail_proof_calls *calls)
{
	*proofs = (struct trp_mail_proofs) { .due = TRP_NEVER,
					     .number = number,
					     .guard = guard,
					     .calls = calls };
}

static struct trp_mail_proof **find(struct trp_mail_proofs *proofs,
				    uint32_t number)
{
	struct trp_mail_proof **at =
		&proofs->bucket[number % TRP_MAIL_PROOF_BUCKETS];

	while (*at && (*at)->heard.number != number)
		at = &(*at)->next;
	return at;
}

static void remove_at(struct trp_mail_proofs *proofs,
		      struct trp_mail_proof **at)
{
	struct trp_mail_proof *proof = *at;

	*at = proof->next;
	proofs->count--;
	free(proof);
}

void trp_mail_proofs_clear(struct trp_mail_proofs *proofs)
{
	for (size_t i = 0; i < TRP_MAIL_PROOF_BUCKETS; i++)
		while (proofs->bucket[i])
			remove_at(proofs, &proofs->bucket[i]);
	proofs->due = TRP_NEVER;
}

static void tell(struct trp_mail_proofs *proofs,
		 const struct trp_mail_proof *proof, bool is_gone)
{
	struct trp_presence_heard heard = proof->heard;

	heard.is_gone = is_gone;
	heard.length = is_gone ? 0 : heard.length;
	proofs->calls->tell(&heard);
}

/* It is gone, if that was said.  Where it was said later that it is here, the
 * question may have been too early: it is asked again.  Returns whether it is
 * still there, as ask() and tick() do. */
static bool nobody(struct trp_mail_proofs *proofs, struct trp_mail_proof **at)
{
	struct trp_mail_proof *proof = *at;

	if (!proof->is_gone)
		return true;
	proof->is_gone = false;
	proof->gone_until = TRP_NEVER;
	tell(proofs, proof, true);
	if (proof->has_here)
		return true;
	remove_at(proofs, at);
	return false;
}

static bool ask(struct trp_mail_proofs *proofs, struct trp_mail_proof **at,
		struct trp_time now)
{
	struct trp_mail_proof *proof = *at;
	uint8_t bytes[TRP_FRAME_HEADER + TRP_FRAME_TAG];
	const struct trp_frame frame = { .kind = TRP_FRAME_HELLO,
					 .from = proofs->number,
					 .to = proof->heard.number,
					 .flags = TRP_FRAME_SEALED,
					 .epoch = proof->epoch };

	proof->again.ns = now.ns + proof->pause_ms * MS;
	proof->pause_ms *= 2;
	if (proof->pause_ms > PAUSE_MOST_MS)
		proof->pause_ms = PAUSE_MOST_MS;
	trp_frame_write(&frame, bytes);
	proofs->guard->calls->sign(proofs->guard, bytes, TRP_FRAME_HEADER,
				   bytes + TRP_FRAME_HEADER);
	return proofs->calls->ask(frame.to, bytes, sizeof(bytes)) !=
		       -EHOSTUNREACH ||
	       nobody(proofs, at);
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t due_of(const struct trp_mail_proof *proof)
{
	return least(least(proof->here_until.ns, proof->gone_until.ns),
		     proof->again.ns);
}

/* An answer to an earlier question says nothing of what came after it. */
static void begin(struct trp_mail_proofs *proofs, struct trp_mail_proof **at,
		  struct trp_time now)
{
	struct trp_mail_proof *proof = *at;

	proofs->calls->random(NULL, &proof->epoch, sizeof(proof->epoch));
	proof->epoch |= !proof->epoch;
	proof->pause_ms = TRP_MAIL_PROOF_FIRST_MS;
	proofs->due.ns =
		least(proofs->due.ns, now.ns + TRP_MAIL_PROOF_FIRST_MS * MS);
	ask(proofs, at, now);
}

/* A word that was said before stays said: its repetition puts no end off. */
static void add(struct trp_mail_proofs *proofs, struct trp_mail_proof **at,
		bool is_gone, struct trp_time now)
{
	struct trp_mail_proof *proof = *at;
	bool is_new = is_gone ? !proof->is_gone : !proof->has_here;

	if (!is_new)
		return;
	if (is_gone)
		proof->gone_until.ns = now.ns + TRP_MAIL_PROOF_GONE_MS * MS;
	else
		proof->here_until.ns = now.ns + TRP_MAIL_PROOF_HERE_MS * MS;
	proof->is_gone |= is_gone;
	proof->has_here |= !is_gone;
	begin(proofs, at, now);
}

/* At its place; with the words of what is heard, if it has any. */
static int make(struct trp_mail_proofs *proofs, struct trp_mail_proof **at,
		const struct trp_presence_heard *heard)
{
	struct trp_mail_proof *proof, *former = *at;

	if (!former && proofs->count == TRP_MAIL_PROOFS_MAX)
		return -ENOBUFS;
	proof = malloc(sizeof(*proof) + heard->length);
	if (!proof)
		return -ENOMEM;
	*proof = former ? *former
			: (struct trp_mail_proof) { .here_until = TRP_NEVER,
						    .gone_until = TRP_NEVER };
	proof->heard = *heard;
	if (heard->length)
		memcpy(proof->bytes, heard->words, heard->length);
	proof->heard.words = proof->bytes;
	*at = proof;
	proofs->count += !former;
	free(former);
	return 0;
}

int trp_mail_proofs_hear(struct trp_mail_proofs *proofs,
			 const struct trp_presence_heard *heard,
			 struct trp_time now)
{
	struct trp_mail_proof **at;
	int r = 0;

	if (!proofs->guard) {
		proofs->calls->tell(heard);
		return 0;
	}
	if (!trp_frame_is_number(heard->number) ||
	    heard->number == proofs->number)
		return 0;
	at = find(proofs, heard->number);
	if (!*at || !heard->is_gone)
		r = make(proofs, at, heard);
	if (r == 0)
		add(proofs, at, heard->is_gone, now);
	return r;
}

bool trp_mail_proofs_receive(struct trp_mail_proofs *proofs, const void *bytes,
			     size_t length)
{
	struct trp_mail_proof **at;
	struct trp_frame frame;

	if (!proofs->count || length != TRP_FRAME_HEADER + TRP_FRAME_TAG ||
	    trp_frame_read(bytes, length, &frame) < 0 || !frame.tag ||
	    frame.kind != TRP_FRAME_WELCOME || frame.to != proofs->number)
		return false;
	at = find(proofs, frame.from);
	if (!*at || (*at)->epoch != frame.echo ||
	    !proofs->guard->calls->verify(proofs->guard, bytes,
					  TRP_FRAME_HEADER, frame.tag))
		return false;
	if ((*at)->has_here)
		tell(proofs, *at, false);
	remove_at(proofs, at);
	return true;
}

void trp_mail_proofs_nobody(struct trp_mail_proofs *proofs, uint32_t number)
{
	struct trp_mail_proof **at = find(proofs, number);

	if (*at)
		nobody(proofs, at);
}

static bool tick(struct trp_mail_proofs *proofs, struct trp_mail_proof **at,
		 struct trp_time now)
{
	struct trp_mail_proof *proof = *at;

	if (proof->here_until.ns <= now.ns) {
		proof->has_here = false;
		proof->here_until = TRP_NEVER;
	}
	if (proof->gone_until.ns <= now.ns)
		return nobody(proofs, at);
	if (proof->has_here || proof->is_gone)
		return proof->again.ns > now.ns || ask(proofs, at, now);
	remove_at(proofs, at);
	return false;
}

void trp_mail_proofs_tick(struct trp_mail_proofs *proofs, struct trp_time now)
{
	struct trp_mail_proof **at, *proof;

	if (proofs->due.ns > now.ns)
		return;
	proofs->due = TRP_NEVER;
	for (size_t i = 0; i < TRP_MAIL_PROOF_BUCKETS; i++)
		for (at = &proofs->bucket[i]; (proof = *at);) {
			if (due_of(proof) <= now.ns && !tick(proofs, at, now))
				continue;
			proofs->due.ns = least(proofs->due.ns, due_of(proof));
			at = &proof->next;
		}
}
