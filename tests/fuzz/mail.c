/* SPDX-License-Identifier: MIT */
/* The payload of a session: parcels that are read stay within it, can be
 * written, and read back the same. */
#include "runtime/mail/parcel.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_and_read(const struct trp_mail_parcel *parcel)
{
	static uint8_t bytes[1 << 16];
	struct trp_time now = { 1000000 };
	struct trp_mail_parcel back;
	ssize_t length =
		trp_mail_parcel_write(parcel, now, bytes, sizeof(bytes));

	if (length < 0 ||
	    trp_mail_parcel_read(bytes, (size_t)length, now, &back) != length ||
	    back.to != parcel->to || back.length != parcel->length ||
	    memcmp(back.body, parcel->body, back.length) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct trp_time now = { 1000000 };
	struct trp_mail_parcel parcel;
	size_t at = 0;
	ssize_t taken;

	while ((taken = trp_mail_parcel_read(data + at, size - at, now,
					     &parcel)) > 0) {
		if ((const uint8_t *)parcel.body + parcel.length !=
			    data + at + taken ||
		    parcel.envelope.created < 0 || parcel.envelope.deadline < 0)
			abort();
		write_and_read(&parcel);
		at += (size_t)taken;
	}
	return 0;
}
