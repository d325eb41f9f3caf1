/* SPDX-License-Identifier: MIT */
#include "runtime/mail/parcel.h"

#include <errno.h>
#include <string.h>

_Static_assert(TRP_PARCEL_HEAD == 4 + 8 + sizeof(struct trp_envelope),
	       "layout of a parcel");

static int64_t since(int64_t ns, struct trp_time now)
{
	return ns < now.ns ? now.ns - ns : 0;
}

static int64_t until(int64_t ns, struct trp_time now)
{
	if (ns == INT64_MAX)
		return ns;
	return ns > now.ns ? ns - now.ns : 0;
}

ssize_t trp_mail_parcel_write(const struct trp_mail_parcel *parcel,
			      struct trp_time now, uint8_t *space, size_t room)
{
	struct trp_envelope envelope = parcel->envelope;
	uint64_t to = trp_ref_in_node(parcel->to);
	uint32_t size;

	if (envelope.kind == TRP_AWAY)
		return -EINVAL;
	if (room < TRP_PARCEL_HEAD || parcel->length > room - TRP_PARCEL_HEAD)
		return -ENOSPC;
	envelope.created = since(envelope.created, now);
	envelope.deadline = until(envelope.deadline, now);
	size = (uint32_t)(TRP_PARCEL_HEAD - 4 + parcel->length);
	memcpy(space, &size, sizeof(size));
	memcpy(space + 4, &to, sizeof(to));
	memcpy(space + 12, &envelope, sizeof(envelope));
	if (parcel->length)
		memcpy(space + TRP_PARCEL_HEAD, parcel->body, parcel->length);
	return (ssize_t)(TRP_PARCEL_HEAD + parcel->length);
}

/* As of our clock; an age that is longer than it has run is all of it. */
static void set_times(struct trp_envelope *envelope, struct trp_time now)
{
	int64_t age_ns = envelope->created, left_ns = envelope->deadline;

	envelope->created = age_ns < now.ns ? now.ns - age_ns : 0;
	if (left_ns < INT64_MAX - now.ns)
		envelope->deadline = now.ns + left_ns;
	else
		envelope->deadline = INT64_MAX;
}

ssize_t trp_mail_parcel_read(const uint8_t *bytes, size_t length,
			     struct trp_time now,
			     struct trp_mail_parcel *ret_parcel)
{
	struct trp_mail_parcel parcel;
	uint32_t size;
	uint64_t to;

	if (length < TRP_PARCEL_HEAD)
		return -EBADMSG;
	memcpy(&size, bytes, sizeof(size));
	memcpy(&to, bytes + 4, sizeof(to));
	if (size < TRP_PARCEL_HEAD - 4 || size > length - 4 || !to ||
	    to != trp_ref_in_node(to) ||
	    trp_envelope_read(bytes + 12, size - 8, &parcel.envelope,
			      &parcel.body, &parcel.length) < 0 ||
	    parcel.envelope.kind == TRP_AWAY || !parcel.envelope.sender)
		return -EBADMSG;
	parcel.to = trp_ref_of_node(to);
	set_times(&parcel.envelope, now);
	*ret_parcel = parcel;
	return (ssize_t)size + 4;
}
