/* SPDX-License-Identifier: MIT */
#include "runtime/mail/showing.h"

#include <errno.h>
#include <string.h>
#include "runtime/actor/self.h"
#include "runtime/look/text.h"
#include "runtime/mail/service.pb-c.h"
#include "runtime/node/options.h"

enum { AT_ONCE = 2, TEXT = 1024, BODY_MOST = 32 << 10 };

/* ---- the child ----------------------------------------------------------- */

static struct trp_look look;

static void *allocate(size_t size)
{
	return trp_scratch_alloc(&trp_self.scratch, size);
}

static int pack(const ProtobufCMessage *message, ProtobufCBinaryData *ret_bytes)
{
	size_t size = protobuf_c_message_get_packed_size(message);

	ret_bytes->data = allocate(size + 1);
	if (!ret_bytes->data)
		return -ENOMEM;
	ret_bytes->len = protobuf_c_message_pack(message, ret_bytes->data);
	return 0;
}

/* With what only this node can tell: the text, and what it says too. */
static int pack_told(const struct trp_look_actor *actor,
		     ProtobufCBinaryData *ret_bytes)
{
	Troupe__Guest__Actor told = *actor->told;
	struct trp_look_actor plain = *actor;
	char text[TEXT];

	plain.told = &told;
	told.unwoken = 0;
	trp_look_text_doing(&look, &plain, text, sizeof(text));
	told.unwoken = actor->told->unwoken;
	told.doing = text;
	told.doing_ms = 0;
	return pack(&told.base, ret_bytes);
}

static int see(const struct trp_look_actor *actor,
	       Troupe__Service__Seen **ret_seen)
{
	Troupe__Service__Seen *seen = allocate(sizeof(*seen));

	if (!seen)
		return -ENOMEM;
	troupe__service__seen__init(seen);
	seen->state = actor->state;
	seen->unread = actor->unread.messages;
	seen->unread_bytes = actor->unread.bytes;
	seen->oldest_ms = actor->unread.oldest
				  ? trp_look_since(&look, actor->unread.oldest)
				  : -1;
	seen->put_aside = actor->put_aside;
	seen->limit = actor->limit;
	seen->has_process = actor->has_process;
	seen->age_ms = actor->process.age_ms;
	seen->cpu_ms = actor->process.cpu_ms;
	seen->rss = actor->process.rss;
	*ret_seen = seen;
	return pack_told(actor, &seen->told);
}

/* A large arena fits into no address space twice, so it is lent. */
static int take(void)
{
	bool is_lent = !look.has_memory;
	int r;

	if (is_lent)
		look.arena = trp_self.node->arena;
	look.has_memory = true;
	r = trp_look_take(&look);
	look.has_memory = !is_lent;
	return r;
}

static int look_around(Troupe__Service__Shown *shown)
{
	int r = take();

	if (r == 0)
		r = pack(&look.node->base, &shown->node);
	if (r == 0)
		shown->actor = allocate(look.count * sizeof(*shown->actor));
	if (r == 0 && !shown->actor)
		r = -ENOMEM;
	for (size_t i = 0; r == 0 && i < look.count; i++) {
		r = see(&look.actor[i], &shown->actor[i]);
		shown->n_actor += r == 0;
	}
	return r;
}

static int answer(troupe_ref to, int result)
{
	Troupe__Service__Shown shown = TROUPE__SERVICE__SHOWN__INIT;

	shown.result = result;
	troupe_send(to, &shown.base);
	return 0; /* one that cannot be told waits for its deadline */
}

/* Of many actors: no mailbox has to have room for it. */
static int give(troupe_ref to, const ProtobufCMessage *shown)
{
	Troupe__Service__Shown empty = TROUPE__SERVICE__SHOWN__INIT;
	size_t size = protobuf_c_message_get_packed_size(shown);
	struct troupe_loan loan;
	int r;

	if (size <= BODY_MOST)
		return troupe_send(to, shown);
	r = troupe_loan(size, &loan);
	if (r < 0)
		return r;
	protobuf_c_message_pack(shown, loan.bytes);
	r = troupe_send_loan(to, &empty.base, &loan);
	if (r < 0)
		troupe_unloan(&loan);
	return r;
}

static int show(const void *arguments)
{
	const Troupe__Service__Show *wish = arguments;
	Troupe__Service__Shown shown = TROUPE__SERVICE__SHOWN__INIT;
	int r = trp_look_open(&look, trp_self.node->options->node);

	if (r == 0) {
		r = look_around(&shown);
		trp_look_close(&look);
	}
	if (r == 0)
		r = give(wish->caller, &shown.base);
	return r == 0 ? 0 : answer(wish->caller, r);
}

static const struct troupe_class looker = { .name = "mesh-look", .run = show };

/* ---- the mail actor ------------------------------------------------------ */

static troupe_ref at_work[AT_ONCE];

int trp_mail_showing_show(const struct troupe_message *message)
{
	Troupe__Service__Show wish = TROUPE__SERVICE__SHOW__INIT;
	int r, i = 0;

	if (!trp_self.node->options->mesh.allows_ps)
		return answer(message->sender, -EACCES);
	while (i < AT_ONCE && at_work[i])
		i++;
	if (i == AT_ONCE)
		return answer(message->sender, -EBUSY);
	wish.caller = message->sender;
	r = troupe_spawn(&looker, &wish.base, &at_work[i]);
	return r < 0 ? answer(message->sender, r) : 0;
}

void trp_mail_showing_ended(const struct troupe_end *end)
{
	for (int i = 0; i < AT_ONCE; i++)
		if (at_work[i] == end->ref && !end->will_restart)
			at_work[i] = 0;
}
