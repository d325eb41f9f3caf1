/* SPDX-License-Identifier: MIT */
#include "runtime/election/dialect.h"

#include <string.h>

static const char letters[] = {
	[TRP_DIALECT_OPEN] = 'o',
	[TRP_DIALECT_TEXT] = 't',
	[TRP_DIALECT_PLAIN] = 'p',
};

char trp_dialect_letter(const struct trp_dialect *dialect)
{
	return letters[dialect->kind];
}

void trp_dialect_stay_plain(struct trp_dialect *dialect,
			    struct trp_beacon *beacon)
{
	dialect->kind = TRP_DIALECT_PLAIN;
	trp_beacon_set_plain(beacon);
}

static void hear_note(struct trp_dialect *dialect, struct trp_beacon *beacon,
		      const struct trp_wire *message)
{
	const struct trp_scalar *note = &message->note;

	if (message->from && note->type == TRP_SCALAR_TEXT &&
	    note->span.length && *note->span.data == letters[TRP_DIALECT_PLAIN])
		trp_dialect_stay_plain(dialect, beacon);
}

void trp_dialect_hear(struct trp_dialect *dialect, struct trp_beacon *beacon,
		      const struct trp_wire *message)
{
	enum trp_scalar_type type = message->value.type;

	if (message->type == TRP_WIRE_VERS)
		hear_note(dialect, beacon, message);
	if ((message->type != TRP_WIRE_PING &&
	     message->type != TRP_WIRE_HIST) ||
	    type == TRP_SCALAR_NONE ||
	    strcmp(trp_wire_about(message), trp_beacon_node(beacon)) == 0)
		return;
	dialect->has_odd |= type == TRP_SCALAR_BYTES || type == TRP_SCALAR_RAW;
	if (type != TRP_SCALAR_TEXT)
		trp_dialect_stay_plain(dialect, beacon);
	else if (dialect->kind == TRP_DIALECT_OPEN)
		dialect->kind = TRP_DIALECT_TEXT;
}

void trp_dialect_begin(struct trp_dialect *dialect)
{
	if (dialect->kind != TRP_DIALECT_PLAIN)
		dialect->kind = TRP_DIALECT_OPEN;
}

struct search {
	const char *self;
	bool has_stranger; /* without a text: an original, for all we know */
};

static void see(void *user, const struct trp_beacon_sight *sight)
{
	struct search *search = user;

	if (strcmp(sight->node, search->self) != 0 &&
	    sight->value->type == TRP_SCALAR_NONE &&
	    sight->note->type == TRP_SCALAR_NONE)
		search->has_stranger = true;
}

/* Its second ping: all others have had a turn, or are about to hear of it. */
bool trp_dialect_is_text(struct trp_dialect *dialect,
			 const struct trp_beacon *beacon, bool may_become_it)
{
	struct search search = { .self = trp_beacon_node(beacon) };

	if (dialect->kind == TRP_DIALECT_OPEN && may_become_it) {
		trp_beacon_each(beacon, see, &search);
		if (!search.has_stranger)
			dialect->kind = TRP_DIALECT_TEXT;
	}
	return dialect->kind == TRP_DIALECT_TEXT;
}

const struct trp_scalar *trp_dialect_text(const struct trp_scalar *value,
					  const struct trp_scalar *note,
					  struct trp_scalar *space)
{
	if (note->type != TRP_SCALAR_TEXT)
		return value->type == TRP_SCALAR_TEXT ? value : NULL;
	*space = *note;
	if (space->span.length &&
	    memchr(letters, *space->span.data, sizeof(letters))) {
		space->span.data++;
		space->span.length--;
	}
	return space;
}
