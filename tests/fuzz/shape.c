/* SPDX-License-Identifier: MIT */
#include "serialize/shape.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "serialize/shape_infer.h"
#include "serialize/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* A value matches the shape that is inferred from it. */
static void check_inferred(const struct troupe_value *value)
{
	struct troupe_shape *shape = NULL;
	char *text = NULL;
	int r;

	r = trp_shape_infer(value, &text);
	assert(r == 0 || r == -EMSGSIZE);
	if (r < 0)
		return;
	assert(trp_shape_new(text, strlen(text), &shape, NULL) == 0);
	assert(troupe_shape_matches(shape, value));
	troupe_shape_free(shape);
	free(text);
}

/* A shape, and behind the first NUL the JSON of a value. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	const char *text = (const char *)bytes;
	size_t first = strnlen(text, size);
	struct trp_parse_error mistake = { .offset = SIZE_MAX };
	struct troupe_shape *shape = NULL;
	struct troupe_value *value = NULL;
	int r;

	if (first < size)
		trp_json_read(text + first + 1, size - first - 1, &value, NULL);
	r = trp_shape_new(text, first, &shape, &mistake);
	assert(r == 0 || r == -EINVAL);
	assert((r == 0) == (shape != NULL));
	assert(r == 0 || (mistake.offset <= first && *mistake.text));
	if (shape) {
		troupe_shape_matches(shape, value);
		troupe_shape_matches(shape, NULL);
	}
	if (value)
		check_inferred(value);
	troupe_shape_free(shape);
	troupe_value_free(value);
	return 0;
}
