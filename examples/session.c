/* SPDX-License-Identifier: MIT */
/*
 * session: an actor that ends when nobody has said anything for a while.
 *
 * Beats come all the time and do not count.  While an upload lasts the session
 * is not idle, whatever it hears.  It ends with a reason and a summary of its
 * own, for the one that waits for it.
 */
#include <errno.h>
#include <stdio.h>
#include <troupe.h>
#include <troupe_result.h>
#include "session.pb-c.h"

enum { IDLE_MS = 200, BEAT_MS = 20, LIFE_MS = 3600 * 1000 };

static Session__Summary summary = SESSION__SUMMARY__INIT;
static struct troupe_timer life, beat;

static int session_is_old(struct troupe_timer *timer)
{
	return troupe_end_with(-ETIME, "it was too long", &summary.base);
}

static int session_beats(struct troupe_timer *timer)
{
	Session__Beat message = SESSION__BEAT__INIT;

	return troupe_send(troupe_self(), &message.base);
}

static int session_init(const void *arguments)
{
	int r;

	life.fired = session_is_old;
	beat.fired = session_beats;
	r = troupe_timer_start(&life, troupe_in_ms(LIFE_MS), 0);
	return r < 0 ? r : troupe_timer_start(&beat, troupe_in_ms(0), BEAT_MS);
}

static int session_word(const struct troupe_message *message)
{
	summary.words++;
	return 0;
}

static int session_upload(const struct troupe_message *message)
{
	const Session__Upload *upload = message->body;

	return troupe_idle_after(upload->is_over ? IDLE_MS : 0);
}

static int session_beat(const struct troupe_message *message)
{
	summary.beats++;
	return 0;
}

static int session_idle(void)
{
	summary.left_ms = troupe_timer_remaining(&life);
	return troupe_end_with(-EIDRM, "nobody has said anything",
			       &summary.base);
}

static const struct troupe_handler session_handlers[] = {
	{ &session__word__descriptor, session_word },
	{ &session__upload__descriptor, session_upload },
	{ &session__beat__descriptor, session_beat },
	{ 0 },
};
static const ProtobufCMessageDescriptor *const session_background[] = {
	&session__beat__descriptor, NULL
};
static const struct troupe_class session = {
	.name = "session",
	.init = session_init,
	.handlers = session_handlers,
	.idle = session_idle,
	.idle_ms = IDLE_MS,
	.background = session_background,
};

static int say(troupe_ref to)
{
	Session__Upload upload = SESSION__UPLOAD__INIT;
	Session__Word word = SESSION__WORD__INIT;
	int r;

	r = troupe_send(to, &upload.base);
	word.text = "hello";
	for (int i = 0; i < 3 && r == 0; i++)
		r = troupe_send(to, &word.base);
	upload.is_over = true;
	return r < 0 ? r : troupe_send(to, &upload.base);
}

int troupe_main(int argc, char **argv)
{
	const Session__Summary *result;
	struct troupe_end end;
	troupe_ref ref;
	int r;

	r = troupe_spawn(&session, NULL, &ref);
	if (r == 0)
		r = say(ref);
	if (r == 0)
		r = troupe_wait(ref, TROUPE_NEVER, &end);
	if (r < 0 || !end.message)
		return r;
	result = end.message->body;
	printf("%s, after %u words and %s beats; %lld minutes were left\n",
	       end.reason.text, result->words, result->beats ? "some" : "no",
	       (long long)result->left_ms / 60000);
	return 0;
}
