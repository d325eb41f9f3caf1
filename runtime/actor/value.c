/* SPDX-License-Identifier: MIT */
/*
 * Values, JSON and shapes as troupe.h has them: serialize/ under public names.
 * struct troupe_value is Troupe__Value, and struct troupe_shape trp_shape.
 */
#include <errno.h>
#include <string.h>
#include "runtime/troupe_value.h"
#include "serialize/shape_infer.h"
#include "serialize/json.h"
#include "serialize/shape.h"
#include "serialize/value.h"

_Static_assert((int)TROUPE_NULL == TRP_VALUE_NULL &&
		       (int)TROUPE_BOOL == TRP_VALUE_BOOL &&
		       (int)TROUPE_INT == TRP_VALUE_INT &&
		       (int)TROUPE_DOUBLE == TRP_VALUE_DOUBLE &&
		       (int)TROUPE_TEXT == TRP_VALUE_TEXT &&
		       (int)TROUPE_BYTES == TRP_VALUE_BYTES &&
		       (int)TROUPE_LIST == TRP_VALUE_LIST &&
		       (int)TROUPE_MAP == TRP_VALUE_MAP,
	       "the kinds are the same");
_Static_assert(sizeof(struct troupe_mistake) ==
			       sizeof(struct trp_parse_error) &&
		       offsetof(struct troupe_mistake, text) ==
			       offsetof(struct trp_parse_error, text),
	       "a mistake is the same");

static const Troupe__Value *in(const struct troupe_value *value)
{
	return (const Troupe__Value *)value;
}

static const struct troupe_value *out(const Troupe__Value *value)
{
	return (const struct troupe_value *)value;
}

static struct troupe_value *made(Troupe__Value *value)
{
	return (struct troupe_value *)value;
}

static Troupe__Value *ours(struct troupe_value *value)
{
	return (Troupe__Value *)value;
}

struct troupe_value *troupe_value_null(void)
{
	return made(trp_value_null());
}

struct troupe_value *troupe_value_bool(bool value)
{
	return made(trp_value_bool(value));
}

struct troupe_value *troupe_value_int(int64_t value)
{
	return made(trp_value_int(value));
}

struct troupe_value *troupe_value_double(double value)
{
	return made(trp_value_double(value));
}

struct troupe_value *troupe_value_text(const char *text)
{
	return made(trp_value_text(text));
}

struct troupe_value *troupe_value_bytes(const void *bytes, size_t size)
{
	return made(trp_value_bytes(bytes, size));
}

struct troupe_value *troupe_value_list(void)
{
	return made(trp_value_list());
}

struct troupe_value *troupe_value_map(void)
{
	return made(trp_value_map());
}

void troupe_value_free(struct troupe_value *value)
{
	trp_value_free(ours(value));
}

int troupe_value_append(struct troupe_value *list, struct troupe_value *item)
{
	return trp_value_append(ours(list), ours(item));
}

int troupe_value_put(struct troupe_value *map, const char *key,
		     struct troupe_value *item)
{
	return trp_value_put(ours(map), key, ours(item));
}

const ProtobufCMessage *troupe_value_message(const struct troupe_value *value)
{
	if (!value || !trp_value_is_within(in(value), TRP_VALUE_DEPTH))
		return NULL;
	return &in(value)->base;
}

struct troupe_value *troupe_value_copy(const struct troupe_value *value)
{
	return value ? made(trp_value_copy(in(value))) : NULL;
}

enum troupe_kind troupe_value_kind(const struct troupe_value *value)
{
	return (enum troupe_kind)trp_value_kind(in(value));
}

size_t troupe_value_count(const struct troupe_value *value)
{
	return trp_value_count(in(value));
}

const struct troupe_value *troupe_value_at(const struct troupe_value *value,
					   size_t i)
{
	return out(trp_value_at(in(value), i));
}

const char *troupe_value_key_at(const struct troupe_value *map, size_t i)
{
	return trp_value_key_at(in(map), i);
}

const struct troupe_value *troupe_value_get(const struct troupe_value *map,
					    const char *key)
{
	return out(trp_value_get(in(map), key));
}

bool troupe_value_to_bool(const struct troupe_value *value, bool otherwise)
{
	return trp_value_to_bool(in(value), otherwise);
}

int64_t troupe_value_to_int(const struct troupe_value *value, int64_t otherwise)
{
	return trp_value_to_int(in(value), otherwise);
}

double troupe_value_to_double(const struct troupe_value *value,
			      double otherwise)
{
	return trp_value_to_double(in(value), otherwise);
}

const char *troupe_value_to_text(const struct troupe_value *value,
				 const char *otherwise)
{
	return trp_value_to_text(in(value), otherwise);
}

const void *troupe_value_to_bytes(const struct troupe_value *value,
				  size_t *ret_size)
{
	return trp_value_to_bytes(in(value), ret_size);
}

bool troupe_value_equals(const struct troupe_value *a,
			 const struct troupe_value *b)
{
	return trp_value_equals(in(a), in(b));
}

/* A function of serialize/ has returned r; this may be its mistake. */
static int told(int r, const struct trp_parse_error *mistake,
		struct troupe_mistake *ret_mistake)
{
	if (r == -EINVAL && ret_mistake)
		memcpy(ret_mistake, mistake, sizeof(*ret_mistake));
	return r;
}

int troupe_value_from_json(const char *json, struct troupe_value **ret_value,
			   struct troupe_mistake *ret_mistake)
{
	struct trp_parse_error mistake;
	Troupe__Value *value;
	int r;

	r = trp_json_read(json, strlen(json), &value, &mistake);
	if (r == 0)
		*ret_value = made(value);
	return told(r, &mistake, ret_mistake);
}

int troupe_value_to_json(const struct troupe_value *value, char **ret_json)
{
	return trp_json_write(in(value), ret_json);
}

int troupe_shape_new(const char *text, struct troupe_shape **ret_shape,
		     struct troupe_mistake *ret_mistake)
{
	struct trp_parse_error mistake;
	struct trp_shape *shape;
	int r;

	r = trp_shape_new(text, strlen(text), &shape, &mistake);
	if (r == 0)
		*ret_shape = (struct troupe_shape *)shape;
	return told(r, &mistake, ret_mistake);
}

void troupe_shape_free(struct troupe_shape *shape)
{
	trp_shape_free((struct trp_shape *)shape);
}

bool troupe_shape_matches(const struct troupe_shape *shape,
			  const struct troupe_value *value)
{
	return trp_shape_matches((const struct trp_shape *)shape, in(value));
}

int troupe_shape_of(const struct troupe_value *value, char **ret_text)
{
	return trp_shape_infer(in(value), ret_text);
}
