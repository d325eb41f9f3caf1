/* SPDX-License-Identifier: MIT */
#include "serialize/beacon/wire.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/*
 * One table defines the fields of each message; reading, writing and checking
 * follow it.  The last of duplicate keys counts, as in Python.
 */

const struct trp_wire_config trp_wire_defaults = {
	.version = 0,
	.cycle_s = 10,
	.gap_s = 1.5,
	.nodes = 5,
	.splits = 4,
	.n_hosts = 10,
	.force_in = false,
};

static const char *const type_names[TRP_WIRE_TYPES] = {
	[TRP_WIRE_INIT] = "init",
	[TRP_WIRE_VERS] = "vers",
	[TRP_WIRE_PING] = "ping",
	[TRP_WIRE_HIST] = "hist",
};

/* In the order of the original; those from FIELD_VERSION to FIELD_CONFIG_END
 * are the configuration. */
enum field {
	FIELD_NODE,
	FIELD_VALUE,
	FIELD_HISTORY,
	FIELD_VERSION,
	FIELD_CONFIG_END = FIELD_VERSION + 7,
	FIELD_FROM = FIELD_CONFIG_END,
	FIELD_NOTE,
	FIELD_SAID,
	FIELD_T,
	FIELDS
};

enum kind { TYPE, NAME, ANY, NAMES, INTEGER, SECONDS, FLAG };

#define IN(member) offsetof(struct trp_wire, member)
#define AT(member) IN(config.member)

static const struct {
	const char *key;
	enum kind kind;
	size_t at; /* in struct trp_wire */
} rows[FIELDS] = {
	[FIELD_NODE] = { "node", NAME, IN(node) },
	[FIELD_VALUE] = { "value", ANY, IN(value) },
	[FIELD_HISTORY] = { "history", NAMES, IN(history) },
	[FIELD_VERSION] = { "version", INTEGER, AT(version) },
	{ "cycle", SECONDS, AT(cycle_s) },
	{ "gap", SECONDS, AT(gap_s) },
	{ "nodes", INTEGER, AT(nodes) },
	{ "splits", INTEGER, AT(splits) },
	{ "n_hosts", INTEGER, AT(n_hosts) },
	{ "force_in", FLAG, AT(force_in) },
	[FIELD_FROM] = { "from", NAME, IN(from) },
	[FIELD_NOTE] = { "note", ANY, IN(note) },
	[FIELD_SAID] = { "said", ANY, IN(said) },
	[FIELD_T] = { "t", TYPE, IN(type) },
};

#define BIT(field)    (1u << (field))
#define CONFIG_FIELDS (BIT(FIELD_CONFIG_END) - BIT(FIELD_VERSION))
static_assert(FIELDS < 32, "a bit for each, and for all that are unknown");

/* Fields of a message of each type when we send it; a vers may have more. */
static const unsigned int sent_fields[TRP_WIRE_TYPES] = {
	[TRP_WIRE_INIT] = BIT(FIELD_T) | BIT(FIELD_NODE),
	[TRP_WIRE_VERS] = BIT(FIELD_T) | BIT(FIELD_NODE) | CONFIG_FIELDS,
	[TRP_WIRE_PING] = BIT(FIELD_T) | BIT(FIELD_NODE) | BIT(FIELD_VALUE) |
			  BIT(FIELD_HISTORY),
	[TRP_WIRE_HIST] = BIT(FIELD_T) | BIT(FIELD_VALUE) | BIT(FIELD_HISTORY),
};

/* The required fields. */
static const unsigned int needed_fields[TRP_WIRE_TYPES] = {
	[TRP_WIRE_INIT] = BIT(FIELD_T) | BIT(FIELD_NODE),
	[TRP_WIRE_VERS] = BIT(FIELD_T) | BIT(FIELD_NODE) | BIT(FIELD_VERSION),
	[TRP_WIRE_PING] = BIT(FIELD_T) | BIT(FIELD_NODE) | BIT(FIELD_HISTORY),
	[TRP_WIRE_HIST] = BIT(FIELD_T) | BIT(FIELD_HISTORY),
};

struct decoding {
	const struct trp_codec *codec;
	struct trp_reader reader;
	struct trp_wire *wire;
	char *names;
	size_t used;
	unsigned int seen;
};

static bool is_name(const char *name)
{
	return name && *name && strlen(name) <= TRP_WIRE_NAME_MAX;
}

bool trp_wire_config_is_valid(const struct trp_wire_config *config)
{
	return isfinite(config->cycle_s) && isfinite(config->gap_s) &&
	       config->gap_s >= 0.01 && config->cycle_s >= 0.1 &&
	       config->cycle_s >= 3 * config->gap_s && config->cycle_s <= 1e6 &&
	       config->version >= 0 && config->version < INT64_MAX &&
	       config->nodes >= -1 && config->nodes <= INT32_MAX &&
	       config->splits >= 1 && config->splits <= TRP_WIRE_HISTORY_MAX &&
	       config->n_hosts >= 0 && config->n_hosts <= INT32_MAX;
}

static bool is_history_valid(const struct trp_wire *wire)
{
	if (!wire->history_length ||
	    wire->history_length > TRP_WIRE_HISTORY_MAX)
		return false;
	for (size_t i = 0; i < wire->history_length; i++)
		if (!is_name(wire->history[i]))
			return false;
	return wire->type == TRP_WIRE_HIST ||
	       strcmp(wire->history[0], wire->node) == 0;
}

static bool is_small(const struct trp_scalar *value)
{
	return !trp_scalar_has_span(value) ||
	       value->span.length <= TRP_WIRE_VALUE_MAX;
}

static bool is_either(const struct trp_scalar *value, enum trp_scalar_type type)
{
	return value->type == TRP_SCALAR_NONE ||
	       (value->type == type && is_small(value));
}

static bool has_valid_note(const struct trp_wire *wire)
{
	if (!wire->from)
		return wire->note.type == TRP_SCALAR_NONE &&
		       wire->said.type == TRP_SCALAR_NONE;
	return is_name(wire->from) && is_either(&wire->note, TRP_SCALAR_TEXT) &&
	       is_either(&wire->said, TRP_SCALAR_BYTES);
}

bool trp_wire_is_valid(const struct trp_wire *wire)
{
	if (wire->type != TRP_WIRE_HIST && !is_name(wire->node))
		return false;
	switch (wire->type) {
	case TRP_WIRE_INIT:
		return true;
	case TRP_WIRE_VERS:
		return trp_wire_config_is_valid(&wire->config) &&
		       has_valid_note(wire);
	case TRP_WIRE_PING:
	case TRP_WIRE_HIST:
		return is_history_valid(wire) && is_small(&wire->value);
	case TRP_WIRE_TYPES:
		break;
	}
	return false;
}

const char *trp_wire_about(const struct trp_wire *wire)
{
	return wire->type == TRP_WIRE_HIST ? wire->history[0] : wire->node;
}

/* ---- reading ------------------------------------------------------------ */

static int get_value(struct decoding *d, struct trp_scalar *ret_value)
{
	struct trp_token token;
	int r = d->codec->get(&d->reader, &token);

	if (r < 0)
		return r;
	if (token.type != TRP_TOKEN_VALUE)
		return -EBADMSG;
	*ret_value = token.value;
	return 0;
}

/* Texts are copied one after the other; each cost its bytes on the wire. */
static int get_text(struct decoding *d, const char **ret_text)
{
	struct trp_scalar value;
	int r = get_value(d, &value);

	if (r < 0)
		return r;
	if (value.type != TRP_SCALAR_TEXT ||
	    (value.span.length &&
	     memchr(value.span.data, '\0', value.span.length)))
		return -EBADMSG;
	assert(d->used + value.span.length < d->reader.at);
	*ret_text = d->names + d->used;
	if (value.span.length)
		memcpy(d->names + d->used, value.span.data, value.span.length);
	d->used += value.span.length;
	d->names[d->used++] = '\0';
	return 0;
}

static int get_type(struct decoding *d)
{
	const char *name;
	int type, r;

	r = get_text(d, &name);
	if (r < 0)
		return r;
	for (type = 0; type < TRP_WIRE_TYPES; type++) {
		if (strcmp(name, type_names[type]) == 0) {
			d->wire->type = type;
			return 0;
		}
	}
	return -EBADMSG;
}

/* Lists and maps are kept as they are. */
static int get_any(struct decoding *d, struct trp_scalar *ret_value)
{
	size_t start = d->reader.at;
	struct trp_token token;
	int r = d->codec->get(&d->reader, &token);

	if (r < 0)
		return r;
	*ret_value = token.value;
	if (token.type == TRP_TOKEN_VALUE)
		return 0;
	d->reader.at = start;
	r = trp_codec_skip(d->codec, &d->reader);
	if (r < 0)
		return r;
	ret_value->type = TRP_SCALAR_RAW;
	ret_value->span.data = d->reader.data + start;
	ret_value->span.length = d->reader.at - start;
	return 0;
}

static int get_number(struct decoding *d, double *ret_number)
{
	struct trp_scalar value;
	int r = get_value(d, &value);

	if (r < 0)
		return r;
	if (value.type == TRP_SCALAR_INT)
		*ret_number = (double)value.integer;
	else if (value.type == TRP_SCALAR_REAL)
		*ret_number = value.real;
	else
		return -EBADMSG;
	return 0;
}

/* Also takes a bool for an int and an int for a bool, as Python does. */
static int get_integer(struct decoding *d, int64_t *ret_integer)
{
	struct trp_scalar value;
	int r = get_value(d, &value);

	if (r < 0)
		return r;
	if (value.type == TRP_SCALAR_INT)
		*ret_integer = value.integer;
	else if (value.type == TRP_SCALAR_BOOL)
		*ret_integer = value.flag;
	else
		return -EBADMSG;
	return 0;
}

static int get_flag(struct decoding *d, bool *ret_flag)
{
	int64_t flag = 0;
	int r = get_integer(d, &flag);

	*ret_flag = flag != 0;
	return r;
}

/* Consumes the end of a list or map of unknown length, if it is there. */
static bool take_break(struct decoding *d)
{
	struct trp_reader ahead = d->reader;
	struct trp_token token;

	if (d->codec->get(&ahead, &token) < 0 || token.type != TRP_TOKEN_BREAK)
		return false;
	d->reader = ahead;
	return true;
}

static int get_names(struct decoding *d, const char **names, size_t count)
{
	bool is_open = count == TRP_COUNT_UNKNOWN;
	size_t *filled = &d->wire->history_length;
	int r;

	for (*filled = 0; is_open || *filled < count; ++*filled) {
		if (is_open && take_break(d))
			return 0;
		if (*filled == TRP_WIRE_HISTORY_MAX)
			return -EBADMSG;
		r = get_text(d, &names[*filled]);
		if (r < 0)
			return r;
	}
	return 0;
}

static int get_history(struct decoding *d)
{
	struct trp_token token;
	const char **names;
	size_t space;
	int r = d->codec->get(&d->reader, &token);

	if (r < 0)
		return r;
	if (token.type != TRP_TOKEN_LIST)
		return -EBADMSG;
	space = token.count < TRP_WIRE_HISTORY_MAX ? token.count
						   : TRP_WIRE_HISTORY_MAX;
	names = reallocarray(d->wire->owned_history, space + 1, sizeof(*names));
	if (!names)
		return -ENOMEM;
	d->wire->owned_history = names;
	d->wire->history = names;
	return get_names(d, names, token.count);
}

static int get_field(struct decoding *d, enum field field)
{
	void *at;

	if (field == FIELDS)
		return trp_codec_skip(d->codec, &d->reader);
	d->seen |= BIT(field);
	at = (char *)d->wire + rows[field].at;
	switch (rows[field].kind) {
	case TYPE:
		return get_type(d);
	case NAME:
		return get_text(d, at);
	case ANY:
		return get_any(d, at);
	case NAMES:
		return get_history(d);
	case INTEGER:
		return get_integer(d, at);
	case SECONDS:
		return get_number(d, at);
	case FLAG:
		return get_flag(d, at);
	}
	return -EBADMSG;
}

static enum field field_of(const struct trp_scalar *key)
{
	int field;

	if (key->type != TRP_SCALAR_TEXT)
		return FIELDS;
	for (field = 0; field < FIELDS; field++)
		if (strlen(rows[field].key) == key->span.length &&
		    memcmp(rows[field].key, key->span.data, key->span.length) ==
			    0)
			break;
	return field;
}

static int get_fields(struct decoding *d)
{
	struct trp_token map;
	struct trp_scalar key;
	int r = d->codec->get(&d->reader, &map);

	if (r < 0)
		return r;
	if (map.type != TRP_TOKEN_MAP)
		return -EBADMSG;
	for (size_t i = 0; i < map.count; i++) {
		if (map.count == TRP_COUNT_UNKNOWN && take_break(d))
			return 0;
		r = get_value(d, &key);
		if (r < 0)
			return r;
		r = get_field(d, field_of(&key));
		if (r < 0)
			return r;
	}
	return 0;
}

/* Another implementation may give these keys another meaning. */
static void drop_foreign(struct trp_wire *wire)
{
	if (has_valid_note(wire))
		return;
	wire->from = NULL;
	wire->note = wire->said =
		(struct trp_scalar) { .type = TRP_SCALAR_NONE };
}

static int check(const struct decoding *d)
{
	unsigned int needed = needed_fields[d->wire->type];

	if (!(d->seen & BIT(FIELD_T)) || (d->seen & needed) != needed ||
	    d->reader.at != d->reader.length)
		return -EBADMSG;
	if (d->wire->type == TRP_WIRE_HIST)
		d->wire->node = NULL;
	if (d->wire->type == TRP_WIRE_VERS)
		drop_foreign(d->wire);
	return trp_wire_is_valid(d->wire) ? 0 : -EBADMSG;
}

int trp_wire_decode(const struct trp_codec *codec, const void *data,
		    size_t length, struct trp_wire *ret_wire)
{
	struct trp_wire wire = { .config = trp_wire_defaults };
	struct decoding d = { .codec = codec,
			      .reader = { .data = data, .length = length },
			      .wire = &wire };
	int r;

	if (length > TRP_WIRE_SIZE_MAX)
		return -EBADMSG;
	d.names = malloc(length + 1);
	if (!d.names)
		return -ENOMEM;
	wire.owned_names = d.names;
	r = get_fields(&d);
	if (r == 0)
		r = check(&d);
	if (r < 0) {
		trp_wire_fini(&wire);
		return r;
	}
	*ret_wire = wire;
	return 0;
}

void trp_wire_fini(struct trp_wire *wire)
{
	free(wire->owned_names);
	free(wire->owned_history);
	wire->owned_names = NULL;
	wire->owned_history = NULL;
}

/* ---- writing ------------------------------------------------------------ */

static struct trp_token value_token(const struct trp_scalar *value)
{
	return (struct trp_token) { .type = TRP_TOKEN_VALUE, .value = *value };
}

static struct trp_token text_token(const char *text)
{
	struct trp_scalar value = trp_scalar_text(text);

	return value_token(&value);
}

static struct trp_token integer_token(int64_t integer)
{
	struct trp_scalar value = { .type = TRP_SCALAR_INT,
				    { .integer = integer } };

	return value_token(&value);
}

static struct trp_token real_token(double real)
{
	struct trp_scalar value = { .type = TRP_SCALAR_REAL, { .real = real } };

	return value_token(&value);
}

static struct trp_token bool_token(bool flag)
{
	struct trp_scalar value = { .type = TRP_SCALAR_BOOL, { .flag = flag } };

	return value_token(&value);
}

/* The item of a field; of the history, its head. */
static struct trp_token field_token(const struct trp_wire *wire,
				    enum field field)
{
	const void *at = (const char *)wire + rows[field].at;

	switch (rows[field].kind) {
	case TYPE:
		return text_token(type_names[wire->type]);
	case NAME:
		return text_token(*(const char *const *)at);
	case ANY:
		return value_token(at);
	case INTEGER:
		return integer_token(*(const int64_t *)at);
	case SECONDS:
		return real_token(*(const double *)at);
	case FLAG:
		return bool_token(*(const bool *)at);
	case NAMES:
		break;
	}
	return (struct trp_token) { .type = TRP_TOKEN_LIST,
				    .count = wire->history_length };
}

static int put_text(const struct trp_codec *codec, struct trp_writer *writer,
		    const char *text)
{
	struct trp_token token = text_token(text);

	return codec->put(writer, &token);
}

static int put_field(const struct trp_codec *codec, struct trp_writer *writer,
		     const struct trp_wire *wire, enum field field)
{
	struct trp_token token = field_token(wire, field);
	int r = put_text(codec, writer, rows[field].key);

	if (r < 0)
		return r;
	r = codec->put(writer, &token);
	if (field != FIELD_HISTORY)
		return r;
	for (size_t i = 0; i < wire->history_length && r == 0; i++)
		r = put_text(codec, writer, wire->history[i]);
	return r;
}

static unsigned int fields_of(const struct trp_wire *wire)
{
	unsigned int fields = sent_fields[wire->type];

	if (wire->type != TRP_WIRE_VERS || !wire->from)
		return fields;
	fields |= BIT(FIELD_FROM);
	if (wire->note.type != TRP_SCALAR_NONE)
		fields |= BIT(FIELD_NOTE);
	if (wire->said.type != TRP_SCALAR_NONE)
		fields |= BIT(FIELD_SAID);
	return fields;
}

int trp_wire_encode(const struct trp_codec *codec, const struct trp_wire *wire,
		    struct trp_writer *writer)
{
	unsigned int fields = fields_of(wire);
	struct trp_token map = {
		.type = TRP_TOKEN_MAP,
		.count = (size_t)__builtin_popcount(fields),
	};
	int field, r;

	assert(trp_wire_is_valid(wire));
	r = codec->put(writer, &map);
	for (field = 0; field < FIELDS && r == 0; field++)
		if (fields & BIT(field))
			r = put_field(codec, writer, wire, field);
	return r;
}
