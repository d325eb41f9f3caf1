/* SPDX-License-Identifier: MIT */
/*
 * Values, JSON and shapes: the functions that serialize/ lacks under a public
 * name, as their public types are declared twice.
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

const ProtobufCMessage *troupe_value_message(const struct troupe_value *value)
{
	if (!value || !trp_value_is_within(value, TRP_VALUE_DEPTH))
		return NULL;
	return &value->message.base;
}

enum troupe_kind troupe_value_kind(const struct troupe_value *value)
{
	return (enum troupe_kind)trp_value_kind(value);
}

/* A function of serialize/ has returned r, and maybe this mistake. */
static int told(int r, const struct trp_parse_error *mistake,
		struct troupe_mistake *ret_mistake)
{
	if ((r == -EINVAL || r == -ELIBACC) && ret_mistake)
		memcpy(ret_mistake, mistake, sizeof(*ret_mistake));
	return r;
}

int troupe_value_from_json(const char *json, struct troupe_value **ret_value,
			   struct troupe_mistake *ret_mistake)
{
	struct trp_parse_error mistake;
	int r = trp_json_read(json, strlen(json), ret_value, &mistake);

	return told(r, &mistake, ret_mistake);
}

int troupe_value_to_json(const struct troupe_value *value, char **ret_json)
{
	return trp_json_write(value, ret_json);
}

int troupe_shape_new(const char *text, struct troupe_shape **ret_shape,
		     struct troupe_mistake *ret_mistake)
{
	struct trp_parse_error mistake;
	int r = trp_shape_new(text, strlen(text), ret_shape, &mistake);

	return told(r, &mistake, ret_mistake);
}

int troupe_shape_of(const struct troupe_value *value, char **ret_text)
{
	return trp_shape_infer(value, ret_text);
}
