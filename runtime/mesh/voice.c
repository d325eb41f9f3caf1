/* SPDX-License-Identifier: MIT */
#include "runtime/mesh/voice.h"

#include "runtime/mesh/announcement.h"
#include "runtime/mesh/mesh.h"

/*
 * A node whose bus is down, or that does not hear itself, claims nothing: no
 * node would hear it, and otherwise each node would claim when a broker
 * restarts.  Nor does it claim until a known leader has had time to be heard
 * after the bus is back.
 */
static bool may_claim(const struct trp_mesh *mesh)
{
	return mesh->is_up && !mesh->is_deaf &&
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
	return &voice->value;
}

const struct trp_scalar *trp_mesh_voice_note(void *user)
{
	struct trp_mesh *mesh = user;

	return &mesh->voice.note;
}
