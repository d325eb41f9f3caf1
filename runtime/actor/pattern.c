/* SPDX-License-Identifier: MIT */
#include "runtime/actor/pattern.h"

#include <errno.h>
#include "runtime/troupe_ends.h"
#include "runtime/troupe_link.h"
#include "runtime/node/types.h"
#include "serialize/example.h"
#include "serialize/message.h"
#include "serialize/shape.h"
#include "serialize/type.h"

const ProtobufCMessageDescriptor *trp_pattern_type(
	const struct troupe_pattern *pattern)
{
	if (pattern->type)
		return pattern->type;
	if (pattern->example)
		return pattern->example->descriptor;
	return pattern->shape ? &troupe__value__descriptor : NULL;
}

bool trp_pattern_is_for_ends(const struct troupe_pattern *pattern)
{
	return pattern->type == &troupe__end__descriptor ||
	       pattern->type == &troupe__exit_signal__descriptor;
}

/* An example is compared field by field with what the table unpacks. */
static int check_one(const struct troupe_pattern *pattern)
{
	const ProtobufCMessageDescriptor *type;
	int r;

	if (trp_pattern_is_for_ends(pattern))
		return pattern->example || pattern->shape ? -EINVAL : 0;
	if (pattern->example && !trp_message_is_valid(pattern->example))
		return -EINVAL;
	type = trp_pattern_type(pattern);
	if (!type)
		return 0;
	r = trp_types_add(type);
	if (r < 0)
		return r;
	type = trp_types_find(trp_type_of(type));
	if (pattern->example && pattern->example->descriptor != type)
		return -EINVAL;
	if (pattern->shape && type != &troupe__value__descriptor)
		return -EINVAL;
	return 0;
}

int trp_pattern_check(const struct troupe_pattern *patterns, size_t count)
{
	int r = 0;

	for (size_t i = 0; i < count && r == 0; i++)
		r = check_one(&patterns[i]);
	return r;
}

static uint64_t mix(uint64_t hash, uint64_t number)
{
	return (hash ^ number) * UINT64_C(0x9e3779b97f4a7c15);
}

/* By its content and not its address: its owner may change it. */
static bool mix_example(uint64_t *hash, const ProtobufCMessage *example,
			struct trp_scratch *scratch)
{
	struct trp_scratch_mark mark = trp_scratch_mark(scratch);
	size_t size = trp_message_size(example);
	void *bytes = trp_scratch_alloc(scratch, size);

	if (bytes) {
		trp_message_pack(example, bytes);
		*hash = trp_type_mix(mix(*hash, size), bytes, size);
	}
	trp_scratch_release(scratch, mark);
	return bytes;
}

uint64_t trp_pattern_print(const struct troupe_pattern *patterns, size_t count,
			   struct trp_scratch *scratch)
{
	uint64_t hash = count;

	for (size_t i = 0; i < count; i++) {
		const struct troupe_pattern *pattern = &patterns[i];
		const ProtobufCMessageDescriptor *type =
			trp_pattern_type(pattern);

		hash = mix(hash, type ? trp_type_of(type) : 0);
		hash = mix(hash, pattern->sender);
		hash = mix(hash,
			   pattern->shape ? trp_shape_id(pattern->shape) : 0);
		hash = mix(hash, pattern->example != NULL);
		if (pattern->matches ||
		    (pattern->example &&
		     !mix_example(&hash, pattern->example, scratch)))
			return 0;
	}
	return hash;
}

bool trp_pattern_matches(const struct troupe_pattern *pattern,
			 const struct troupe_message *message)
{
	if (pattern->example &&
	    !trp_example_matches(pattern->example, message->body))
		return false;
	if (pattern->shape &&
	    !troupe_shape_matches(pattern->shape, message->body))
		return false;
	return !pattern->matches || pattern->matches(message, pattern->data);
}
