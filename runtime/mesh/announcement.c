/* SPDX-License-Identifier: MIT */
#include "runtime/mesh/announcement.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "runtime/mesh/app_value.h"
#include "runtime/mesh/mesh.h"
#include "runtime/supervisor/supervisor.h"

#define WAITED_MOST 0xffu

/* ---- saying ------------------------------------------------------------- */

struct saying {
	char *text;
	size_t length;
	size_t room;
	unsigned left_out;
	bool has_refs; /* others can send there */
};

static void add_offer(void *user, const struct trp_registered *name)
{
	struct saying *saying = user;
	char line[TROUPE_NAME_SIZE + TROUPE_WHERE_SIZE + 24];
	int length = snprintf(line, sizeof(line), "\n%s\t%s", name->name,
			      name->offer);

	if (saying->has_refs)
		length += snprintf(line + length, sizeof(line) - (size_t)length,
				   "\t%" PRIx64, name->ref);
	if (saying->length + (size_t)length > saying->room) {
		saying->left_out++;
		return;
	}
	memcpy(saying->text + saying->length, line, (size_t)length + 1);
	saying->length += (size_t)length;
}

enum { NAME = 3 }; /* around a name in a message */

/* The names behind the own one in the history of a ping. */
static size_t size_of_history(const struct trp_mesh *mesh)
{
	size_t splits = (size_t)trp_beacon_config(mesh->beacon)->splits;
	const char *listed;
	size_t used = 0;

	for (size_t i = 0; i + 1 < splits; i++) {
		listed = trp_beacon_listed(mesh->beacon, i);
		if (!listed)
			break;
		used += strlen(listed) + NAME;
	}
	return used;
}

/*
 * Of the bytes that the bus takes: less the keys of a ping and its history, or
 * those of a vers, and the record in front of ours.
 */
size_t trp_mesh_announcement_room(const struct trp_mesh *mesh, bool is_value)
{
	enum { KEYS = 48, VERS_KEYS = 192, RECORD = 20 };
	size_t own = strlen(mesh->node) + NAME;
	size_t used =
		RECORD + 2 * own +
		(*mesh->leadership.leader ? strlen(mesh->leadership.leader)
					  : own);
	size_t room;

	used += is_value ? KEYS + size_of_history(mesh) : VERS_KEYS;
	room = mesh->value_max > used ? mesh->value_max - used : 0;
	return room < TRP_WIRE_VALUE_MAX / 2 ? room : TRP_WIRE_VALUE_MAX / 2;
}

void trp_mesh_announcement_say(struct trp_mesh *mesh, bool is_value,
			       char *space, size_t size)
{
	struct saying saying = { .text = space,
				 .room = trp_mesh_announcement_room(mesh,
								    is_value),
				 .has_refs = mesh->carries_mail };
	unsigned waited = trp_beacon_waited(mesh->beacon, trp_time_now());
	char word[TRP_MESH_APP_VALUE_SIZE];
	double load = 0;

	if (saying.room >= size)
		saying.room = size - 1;
	getloadavg(&load, 1);
	trp_mesh_app_value_write(&mesh->voice.own, word);
	saying.length = (size_t)snprintf(
		space, size, "%c%s%s\t%02x\t%" PRIx64 "\t%u\t%u",
		*word ? '2' : '1', *word ? "\t" : "", word,
		waited < WAITED_MOST ? waited : WAITED_MOST, mesh->incarnation,
		(unsigned)(load * 100), mesh->supervisor->children.alive);
	trp_registry_each_offer(&mesh->supervisor->registry, add_offer,
				&saying);
	if (saying.left_out && !mesh->is_short)
		troupe_log(
			TROUPE_WARNING,
			"mesh %s: %u offers are left out, as they do not fit "
			"into %zu bytes on this bus",
			mesh->options->name, saying.left_out, saying.room);
	mesh->is_short = saying.left_out > 0;
}

/* ---- reading ------------------------------------------------------------ */

/* Consumes a number and the tab behind it, or the end. */
static int take_number(const char **at, const char *end, int base,
		       uint64_t *ret_number)
{
	static const char digits[] = "0123456789abcdef";
	uint64_t number = 0;
	const char *digit;
	int count;

	for (count = 0; *at < end && **at != '\t' && **at != '\n'; count++) {
		digit = memchr(digits, *(*at)++, (size_t)base);
		if (!digit || count == 16)
			return -EBADMSG;
		number = number * (uint64_t)base + (uint64_t)(digit - digits);
	}
	if (*at < end)
		(*at)++;
	*ret_number = number;
	return count ? 0 : -EBADMSG;
}

/* Of a line of the second kind: the word in front of its numbers. */
static int take_value(const char **at, const char *end,
		      struct trp_scalar *ret_value)
{
	const char *tab = memchr(*at, '\t', (size_t)(end - *at));
	int r;

	if (!tab)
		return -EBADMSG;
	r = trp_mesh_app_value_read(*at, (size_t)(tab - *at), ret_value);
	*at = tab + 1;
	return r;
}

int trp_mesh_announcement_read(const char *text, size_t length,
			       struct trp_mesh_announcement *ret_said)
{
	static const int base[] = { 16, 16, 10, 10 };
	struct trp_scalar value = { .type = TRP_SCALAR_NONE };
	const char *end = text + length;
	uint64_t kind = 0, number[4];
	int i, r;

	r = take_number(&text, end, 10, &kind);
	if (r == 0 && kind == 2)
		r = take_value(&text, end, &value);
	for (i = 0; r == 0 && i < 4; i++)
		r = take_number(&text, end, base[i], &number[i]);
	if (r < 0 || kind < 1 || kind > 2)
		return -EBADMSG;
	*ret_said = (struct trp_mesh_announcement) {
		.value = value,
		.incarnation = number[1],
		.load = (uint32_t)number[2],
		.actors = (uint32_t)number[3],
		.offers = text,
		.length = (size_t)(end - text),
	};
	return 0;
}

static bool take_word(const char *from, size_t length, char *to, size_t size)
{
	if (length >= size)
		return false;
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)from[i] < ' ' || from[i] == 127)
			return false;
	memcpy(to, from, length);
	to[length] = '\0';
	return true;
}

/* Of one line: the reference is missing where the bus carries no mail. */
static bool take_offer(const char *line, const char *end,
		       struct trp_mesh_offer *ret_offer)
{
	const char *tab = memchr(line, '\t', (size_t)(end - line)), *where, *at;
	uint64_t ref = 0;

	if (!tab || tab == line)
		return false;
	where = tab + 1;
	at = memchr(where, '\t', (size_t)(end - where));
	if (!take_word(line, (size_t)(tab - line), ret_offer->name,
		       sizeof(ret_offer->name)) ||
	    !take_word(where, (size_t)((at ? at : end) - where),
		       ret_offer->where, sizeof(ret_offer->where)))
		return false;
	if (at++ && (take_number(&at, end, 16, &ref) < 0 || at < end ||
		     !trp_ref_node(ref)))
		return false;
	ret_offer->ref = ref;
	return true;
}

/* A malformed line is skipped. */
bool trp_mesh_announcement_offer(struct trp_mesh_announcement *said,
				 struct trp_mesh_offer *ret_offer)
{
	const char *line, *end;
	size_t length;

	while (said->length) {
		line = said->offers;
		end = memchr(line, '\n', said->length);
		length = end ? (size_t)(end - line) : said->length;
		said->offers += length + !!end;
		said->length -= length + !!end;
		if (take_offer(line, line + length, ret_offer))
			return true;
	}
	return false;
}
