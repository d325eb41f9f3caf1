/* SPDX-License-Identifier: MIT */
#include "serialize/json.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* A value that is read is written, and reads back the same. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct trp_parse_error mistake = { 0 };
	struct troupe_value *value = NULL, *again = NULL;
	char *text = NULL, *second = NULL;
	int r;

	r = trp_json_read((const char *)bytes, size, &value, &mistake);
	assert(r == 0 || r == -EINVAL);
	assert((r == 0) == (value != NULL));
	if (r < 0) {
		assert(*mistake.text);
		assert(mistake.offset <= size || mistake.offset == SIZE_MAX);
		return 0;
	}
	assert(trp_value_is_within(value, TRP_VALUE_DEPTH));
	assert(trp_json_write(value, &text) == 0);
	assert(trp_json_read(text, strlen(text), &again, &mistake) == 0);
	assert(trp_json_write(again, &second) == 0);
	assert(strcmp(text, second) == 0); /* and not equals(): NaN */
	free(text);
	free(second);
	troupe_value_free(value);
	troupe_value_free(again);
	return 0;
}
