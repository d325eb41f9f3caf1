/* SPDX-License-Identifier: MIT */
#include "serialize/reflect_write.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "serialize/message.h"
#include "tests/support/sample.pb-c.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void *pack(const ProtobufCMessage *message, size_t *ret_size)
{
	void *bytes;

	*ret_size = trp_message_size(message);
	bytes = malloc(*ret_size + 1);
	trp_message_pack(message, bytes);
	return bytes;
}

/* A message that is read is written, and reads back the same. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	const ProtobufCMessageDescriptor *type =
		&sample__everything__descriptor;
	struct trp_parse_error mistake = { 0 };
	ProtobufCMessage *message = NULL, *again = NULL;
	struct trp_scratch scratch;
	size_t first_size, second_size;
	void *first, *second;
	char *text = NULL;
	int r;

	trp_scratch_init(&scratch, 1 << 20);
	r = trp_reflect_read(type, (const char *)bytes, size, &scratch,
			     &message, &mistake);
	assert(r == 0 || r == -EINVAL || r == -ENOMEM);
	assert((r == 0) == (message != NULL));
	assert(r != -EINVAL || *mistake.text);
	if (r == 0) {
		assert(trp_reflect_write(message, &text) == 0);
		r = trp_reflect_read(type, text, strlen(text), &scratch, &again,
				     &mistake);
		assert(r == 0 || r == -ENOMEM);
	}
	if (message && again) {
		first = pack(message, &first_size);
		second = pack(again, &second_size);
		assert(first_size == second_size);
		assert(memcmp(first, second, first_size) == 0);
		free(first);
		free(second);
	}
	free(text);
	trp_scratch_fini(&scratch);
	return 0;
}
