/* SPDX-License-Identifier: MIT */
#include "runtime/mesh/voice.h"

#include "runtime/mesh/announcement.h"
#include "runtime/mesh/mesh.h"
#include "runtime/troupe_beacon.h"

/*
 * A node whose bus is down, or that does not hear itself, claims nothing: no
 * node would hear it, and otherwise each node would claim when a broker
 * restarts.  Nor does one whose application is not ready; nor does any claim
 * until a known leader has had time to be heard after the bus is back.
 */
static bool may_claim(const struct trp_mesh *mesh)
{
	return mesh->is_up && !mesh->is_deaf && mesh->is_ready &&
	       (!*mesh->leadership.leader ||
		trp_time_now().ns >= mesh->leader_missed.ns);
}

static void state_text(struct trp_mesh *mesh, bool is_text, bool may_become_it)
{
	struct trp_mesh_voice *voice = &mesh->voice;
	char rest[sizeof(voice->text)];
	int length;

	trp_mesh_announcement_say(mesh, is_text, rest, sizeof(rest) / 2);
	length = trp_leadership_announce(&mesh->leadership, mesh->beacon,
					 may_become_it && may_claim(mesh),
					 trp_time_now(), rest, voice->text + 1,
					 sizeof(voice->text) - 1);
	if (length < 0) /* impossible with names of at most 255 bytes */
		voice->text[1] = '\0';
	voice->text[0] = trp_dialect_letter(&voice->dialect);
}

const struct trp_scalar *trp_mesh_voice_value(void *user, bool may_become_it)
{
	struct trp_mesh *mesh = user;
	struct trp_mesh_voice *voice = &mesh->voice;
	bool is_text = trp_dialect_is_text(&voice->dialect, mesh->beacon,
					   may_become_it);

	state_text(mesh, is_text, may_become_it);
	voice->value = voice->note =
		(struct trp_scalar) { .type = TRP_SCALAR_NONE };
	if (is_text)
		voice->value = trp_scalar_text(voice->text + 1);
	else
		voice->note = trp_scalar_text(voice->text);
	if (voice->dialect.kind == TRP_DIALECT_PLAIN &&
	    voice->own.type != TRP_SCALAR_TEXT && !voice->dialect.has_odd)
		voice->value = voice->own;
	return &voice->value;
}

/* One of ours tells it in its text; the value of another is it. */
struct trp_scalar trp_mesh_voice_of(const struct trp_scalar *value,
				    const struct trp_scalar *note)
{
	struct trp_leadership_record record;
	struct trp_mesh_announcement said;
	struct trp_scalar space;
	const struct trp_scalar *text = trp_dialect_text(value, note, &space);

	if (text && trp_leadership_read(text, &record) == 0 &&
	    trp_mesh_announcement_read(record.rest.span.data,
				       record.rest.span.length, &said) == 0)
		return said.value;
	return *value;
}

size_t trp_mesh_voice_room(const struct trp_mesh *mesh)
{
	size_t room = trp_mesh_announcement_room(mesh, false);

	return room < TROUPE_BEACON_SAY_MOST ? room : TROUPE_BEACON_SAY_MOST;
}

const struct trp_scalar *trp_mesh_voice_note(void *user)
{
	struct trp_mesh *mesh = user;

	return &mesh->voice.note;
}
