/* SPDX-License-Identifier: MIT */
/*
 * All that the mail actor reads from its bus behind the seals of sessions.  The
 * first byte chooses: an envelope; the payload of a session, as parcels and
 * pieces of large messages; the presence of a node.  Accepted bytes keep the
 * promises of the header, and read back the same.
 */
#include "ipc/bus/presence.h"
#include "runtime/mail/bulk.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct trp_time now = { 1000000 };

static void must(bool claim)
{
	if (!claim)
		abort();
}

static void read_envelope(const uint8_t *bytes, size_t size)
{
	struct trp_envelope envelope;
	const void *body;
	size_t body_size;

	if (trp_envelope_read(bytes, size, &envelope, &body, &body_size) < 0)
		return;
	must(memcmp(&envelope, bytes, sizeof(envelope)) == 0);
	must((const uint8_t *)body + body_size == bytes + size);
	must(envelope.kind >= TRP_MESSAGE && envelope.kind <= TRP_AWAY);
	must(envelope.type != 0 || envelope.kind == TRP_FAILURE ||
	     envelope.kind == TRP_AWAY);
	must((envelope.service != 0) == (envelope.kind == TRP_CALL) ||
	     envelope.kind == TRP_AWAY);
	must(envelope.deadline >= 0 && envelope.created >= 0);
}

static void write_and_read(const struct trp_mail_parcel *parcel)
{
	static uint8_t bytes[1 << 16];
	struct trp_mail_parcel back;
	ssize_t length =
		trp_mail_parcel_write(parcel, now, bytes, sizeof(bytes));

	must(length >= 0 &&
	     trp_mail_parcel_read(bytes, (size_t)length, now, &back) == length);
	must(back.to == parcel->to && back.length == parcel->length);
	must(memcmp(back.body, parcel->body, back.length) == 0);
}

/* A piece may tell whose message is lost with it. */
static void lose(const uint8_t *piece, size_t length)
{
	struct trp_mail_parcel parcel;

	if (trp_mail_bulk_head(piece, length, now, &parcel))
		must(parcel.to != 0 && parcel.envelope.sender != 0);
}

static void send_again(const struct trp_mail_parcel *parcel,
		       const void *attachment, size_t size)
{
	struct trp_mail_bulks bulks = { 0 };
	struct trp_mail_parcel back;

	must(trp_mail_bulk_append(&bulks, parcel, attachment, size, now) == 0);
	must(trp_mail_bulk_drop(&bulks, now, &back) && back.to == parcel->to);
}

/* Whether it is taken. */
static bool take_piece(struct trp_mail_assembly *assembly, const uint8_t *piece,
		       size_t length)
{
	struct trp_mail_parcel parcel;
	const void *attachment;
	size_t size;
	int r = trp_mail_bulk_take(assembly, piece, length, now, &parcel,
				   &attachment, &size);

	lose(piece, length);
	must(assembly->have <= assembly->space ||
	     (!assembly->have && !assembly->bytes));
	if (r == 1)
		send_again(&parcel, attachment, size);
	if (r != 0)
		trp_mail_bulk_clear(assembly);
	return r >= 0;
}

static void read_payload(const uint8_t *bytes, size_t size)
{
	struct trp_mail_assembly assembly = { 0 };
	struct trp_mail_parcel parcel;
	ssize_t taken;

	for (; size; bytes += taken, size -= (size_t)taken) {
		taken = (ssize_t)trp_mail_bulk_look(bytes, size);
		must(taken <= (ssize_t)size);
		if (taken && !take_piece(&assembly, bytes, (size_t)taken))
			break;
		if (taken)
			continue;
		taken = trp_mail_parcel_read(bytes, size, now, &parcel);
		if (taken < 0)
			break;
		must((const uint8_t *)parcel.body + parcel.length ==
		     bytes + taken);
		must(parcel.envelope.created >= 0 &&
		     parcel.envelope.deadline >= 0);
		write_and_read(&parcel);
	}
	trp_mail_bulk_clear(&assembly);
}

static void read_presence(const uint8_t *bytes, size_t size)
{
	static uint8_t again[TRP_PRESENCE_BYTES_MAX];
	struct trp_presence presence = { 0 };
	struct trp_presence_heard heard;

	if (trp_presence_read(&presence, bytes, size, &heard) < 0)
		return;
	must(trp_presence_is_name(heard.node));
	must(trp_presence_set(&presence, heard.node, heard.words,
			      heard.length) == 0);
	must(trp_presence_write(&presence, heard.number, heard.is_gone,
				again) == size);
	must(memcmp(again, bytes, size) == 0);
	trp_presence_fini(&presence);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const reads[])(const uint8_t *bytes, size_t size) = {
		read_envelope, read_payload, read_presence
	};

	if (size)
		reads[data[0] % 3](data + 1, size - 1);
	return 0;
}
