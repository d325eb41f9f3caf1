/* SPDX-License-Identifier: MIT */
#include "runtime/look/mail.h"

#include <errno.h>
#include <stdlib.h>
#include "ipc/mailbox_unread.h"
#include "runtime/node/ref.h"
#include "serialize/envelope.h"

static void add(struct trp_look_mail *sum, const struct trp_mail *mail)
{
	struct trp_envelope envelope;
	const void *body;
	size_t size;

	sum->messages++;
	sum->bytes += mail->size + mail->attachment_size;
	/* One that was overwritten meanwhile says no time. */
	if (trp_envelope_read(mail->bytes, mail->size, &envelope, &body,
			      &size) < 0)
		return;
	if (!sum->oldest || envelope.created < sum->oldest)
		sum->oldest = envelope.created;
}

static void add_to_sum(const struct trp_mail *mail, void *data)
{
	add(data, mail);
}

struct trp_look_mail trp_look_mail(const struct trp_arena *arena, uint32_t slot)
{
	struct trp_look_mail sum = { 0 };

	trp_mailbox_unread_look(arena, slot, add_to_sum, &sum);
	return sum;
}

struct list {
	struct trp_look_mail *at;
	size_t count, room;
	bool has_failed;
};

static struct trp_look_mail *find(struct list *list, troupe_ref sender)
{
	struct trp_look_mail *more;

	/* The records of a sender follow one another. */
	if (list->count && list->at[list->count - 1].sender == sender)
		return &list->at[list->count - 1];
	if (list->count == list->room) {
		list->room = list->room ? 2 * list->room : 16;
		more = reallocarray(list->at, list->room, sizeof(*more));
		list->has_failed |= !more;
		if (!more)
			return NULL;
		list->at = more;
	}
	list->at[list->count] = (struct trp_look_mail) { .sender = sender };
	return &list->at[list->count++];
}

static void add_to_list(const struct trp_mail *mail, void *data)
{
	struct list *list = data;
	struct trp_look_mail *of =
		list->has_failed
			? NULL
			: find(list, trp_ref(mail->sender, mail->generation));

	if (of)
		add(of, mail);
}

static int compare(const void *a, const void *b)
{
	const struct trp_look_mail *x = a, *y = b;

	return x->messages < y->messages ? 1 : -(x->messages > y->messages);
}

int trp_look_mail_by_sender(const struct trp_arena *arena, uint32_t slot,
			    struct trp_look_mail **ret_list, size_t *ret_count)
{
	struct list list = { 0 };

	trp_mailbox_unread_look(arena, slot, add_to_list, &list);
	if (list.has_failed) {
		free(list.at);
		return -ENOMEM;
	}
	if (list.count)
		qsort(list.at, list.count, sizeof(*list.at), compare);
	*ret_list = list.at;
	*ret_count = list.count;
	return 0;
}
