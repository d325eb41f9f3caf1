/* SPDX-License-Identifier: MIT */
#include "runtime/mail/bulk.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* ---- pieces that go ------------------------------------------------------ */

int trp_mail_bulk_append(struct trp_mail_bulks *bulks,
			 const struct trp_mail_parcel *parcel,
			 const void *attachment, size_t size,
			 struct trp_time now)
{
	struct trp_mail_parcel head = *parcel;
	struct trp_mail_bulk *bulk;
	uint32_t all;
	ssize_t r;

	if (size > TRP_BULK_MOST ||
	    parcel->length > TRP_BULK_MOST - TRP_PARCEL_HEAD - size)
		return -EMSGSIZE;
	bulk = malloc(sizeof(*bulk) + size + parcel->length + TRP_PARCEL_HEAD);
	if (!bulk)
		return -ENOMEM;
	*bulk = (struct trp_mail_bulk) {
		.to = parcel->to,
		.sender = parcel->envelope.sender,
		.total = size + parcel->length + TRP_PARCEL_HEAD,
	};
	if (size)
		memcpy(bulk->bytes, attachment, size);
	if (parcel->length)
		memcpy(bulk->bytes + size, parcel->body, parcel->length);
	head.length = 0;
	r = trp_mail_parcel_write(&head, now,
				  bulk->bytes + size + parcel->length,
				  TRP_PARCEL_HEAD);
	if (r < 0) {
		free(bulk);
		return (int)r;
	}
	all = (uint32_t)(TRP_PARCEL_HEAD - sizeof(all) + parcel->length);
	memcpy(bulk->bytes + size + parcel->length, &all, sizeof(all));
	if (bulks->last)
		bulks->last->next = bulk;
	else
		bulks->first = bulk;
	bulks->last = bulk;
	bulks->bytes += bulk->total;
	return 0;
}

bool trp_mail_bulk_has(const struct trp_mail_bulks *bulks, troupe_ref sender,
		       troupe_ref to)
{
	for (const struct trp_mail_bulk *b = bulks->first; b; b = b->next)
		if (b->sender == sender && b->to == to)
			return true;
	return false;
}

size_t trp_mail_bulk_piece(const struct trp_mail_bulks *bulks, uint8_t *space,
			   size_t room)
{
	const struct trp_mail_bulk *bulk = bulks->first;
	uint64_t zero = 0, total, offset;
	size_t left, length;
	uint32_t size;

	if (!bulk || room < TRP_PIECE_HEAD + 2 * TRP_PARCEL_HEAD)
		return 0;
	left = bulk->total - bulk->sent;
	length = least(left, least(room - TRP_PIECE_HEAD, TRP_PIECE_MOST));
	if (left > length && left - length < TRP_PARCEL_HEAD)
		length -= TRP_PARCEL_HEAD;
	total = bulk->total;
	offset = bulk->sent;
	size = (uint32_t)(TRP_PIECE_HEAD - sizeof(size) + length);
	memcpy(space, &size, sizeof(size));
	memcpy(space + 4, &zero, sizeof(zero));
	memcpy(space + 12, &total, sizeof(total));
	memcpy(space + 20, &offset, sizeof(offset));
	memcpy(space + TRP_PIECE_HEAD, bulk->bytes + bulk->sent, length);
	return TRP_PIECE_HEAD + length;
}

static void take_out_first(struct trp_mail_bulks *bulks)
{
	struct trp_mail_bulk *bulk = bulks->first;

	assert(bulks->bytes >= bulk->total);
	bulks->bytes -= bulk->total;
	bulks->first = bulk->next;
	if (!bulks->first)
		bulks->last = NULL;
	free(bulk);
}

troupe_ref trp_mail_bulk_sent(struct trp_mail_bulks *bulks, size_t length)
{
	struct trp_mail_bulk *bulk = bulks->first;
	troupe_ref to = bulk->to;

	bulk->sent += length - TRP_PIECE_HEAD;
	assert(bulk->sent <= bulk->total);
	if (bulk->sent < bulk->total)
		return 0;
	take_out_first(bulks);
	return to;
}

/* `bytes` end with the head; *ret_length: of the body, before it. */
static bool read_head(const uint8_t *bytes, size_t length, struct trp_time now,
		      struct trp_mail_parcel *ret_parcel, size_t *ret_length)
{
	uint8_t head[TRP_PARCEL_HEAD];
	uint32_t size, own = TRP_PARCEL_HEAD - sizeof(size);

	if (length < TRP_PARCEL_HEAD)
		return false;
	memcpy(head, bytes + length - TRP_PARCEL_HEAD, sizeof(head));
	memcpy(&size, head, sizeof(size));
	memcpy(head, &own, sizeof(own));
	if (size < own ||
	    trp_mail_parcel_read(head, sizeof(head), now, ret_parcel) < 0)
		return false;
	ret_parcel->body = NULL;
	*ret_length = size - own;
	return true;
}

bool trp_mail_bulk_drop(struct trp_mail_bulks *bulks, struct trp_time now,
			struct trp_mail_parcel *ret_parcel)
{
	const struct trp_mail_bulk *bulk = bulks->first;
	size_t length;
	bool has_head;

	if (!bulk)
		return false;
	has_head =
		read_head(bulk->bytes, bulk->total, now, ret_parcel, &length);
	assert(has_head);
	ret_parcel->to = bulk->to;
	take_out_first(bulks);
	return true;
}

/* ---- pieces that come ---------------------------------------------------- */

size_t trp_mail_bulk_look(const uint8_t *bytes, size_t length)
{
	uint32_t size;
	uint64_t to;

	if (length < TRP_PIECE_HEAD)
		return 0;
	memcpy(&size, bytes, sizeof(size));
	memcpy(&to, bytes + 4, sizeof(to));
	if (to || size > length - sizeof(size) ||
	    size < TRP_PIECE_HEAD - sizeof(size))
		return 0;
	return sizeof(size) + size;
}

bool trp_mail_bulk_head(const uint8_t *piece, size_t length,
			struct trp_time now, struct trp_mail_parcel *ret_parcel)
{
	uint64_t total, offset;
	size_t of_body;

	memcpy(&total, piece + 12, sizeof(total));
	memcpy(&offset, piece + 20, sizeof(offset));
	return offset + (length - TRP_PIECE_HEAD) == total &&
	       read_head(piece + TRP_PIECE_HEAD, length - TRP_PIECE_HEAD, now,
			 ret_parcel, &of_body);
}

/* Twice the space each time: who announces much and sends little costs little.
 */
static int make_space(struct trp_mail_assembly *assembly, size_t more)
{
	size_t need = assembly->have + more;
	size_t space = assembly->space ? assembly->space : 2 * TRP_PIECE_MOST;
	uint8_t *bytes;

	while (space < need)
		space *= 2;
	space = least(space, assembly->total);
	if (space == assembly->space)
		return 0;
	bytes = realloc(assembly->bytes, space);
	if (!bytes)
		return -ENOMEM;
	assembly->bytes = bytes;
	assembly->space = space;
	return 0;
}

int trp_mail_bulk_take(struct trp_mail_assembly *assembly, const uint8_t *piece,
		       size_t length, struct trp_time now,
		       struct trp_mail_parcel *ret_parcel,
		       const void **ret_attachment, size_t *ret_size)
{
	size_t more = length - TRP_PIECE_HEAD, of_body;
	uint64_t total, offset;
	int r;

	memcpy(&total, piece + 12, sizeof(total));
	memcpy(&offset, piece + 20, sizeof(offset));
	if (offset == 0) {
		trp_mail_bulk_clear(assembly);
		assembly->total = total;
	}
	if (!more || total > TRP_BULK_MOST || total != assembly->total ||
	    offset != assembly->have || more > total - offset)
		return -EBADMSG;
	r = make_space(assembly, more);
	if (r < 0)
		return r;
	memcpy(assembly->bytes + offset, piece + TRP_PIECE_HEAD, more);
	assembly->have += more;
	if (assembly->have < total)
		return 0;
	if (!read_head(assembly->bytes, total, now, ret_parcel, &of_body) ||
	    of_body > total - TRP_PARCEL_HEAD)
		return -EBADMSG;
	*ret_size = total - TRP_PARCEL_HEAD - of_body;
	*ret_attachment = *ret_size ? assembly->bytes : NULL;
	ret_parcel->body = assembly->bytes + *ret_size;
	ret_parcel->length = of_body;
	return 1;
}

void trp_mail_bulk_clear(struct trp_mail_assembly *assembly)
{
	free(assembly->bytes);
	*assembly = (struct trp_mail_assembly) { 0 };
}
