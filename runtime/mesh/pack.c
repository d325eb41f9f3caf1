/* SPDX-License-Identifier: MIT */
#include "runtime/mesh/pack.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

void trp_mesh_pack_scalar(const struct trp_scalar *from,
			  Troupe__Mesh__Scalar *to)
{
	*to = (Troupe__Mesh__Scalar)TROUPE__MESH__SCALAR__INIT;
	to->type = (uint32_t)from->type;
	if (from->type == TRP_SCALAR_BOOL)
		to->flag = from->flag;
	else if (from->type == TRP_SCALAR_INT)
		to->integer = from->integer;
	else if (from->type == TRP_SCALAR_REAL)
		to->real = from->real;
	else if (trp_scalar_has_span(from))
		to->span = (ProtobufCBinaryData) { from->span.length,
						   (uint8_t *)from->span.data };
}

static void pack_config(const struct trp_wire_config *from,
			Troupe__Mesh__Config *to)
{
	*to = (Troupe__Mesh__Config)TROUPE__MESH__CONFIG__INIT;
	to->version = from->version;
	to->cycle_s = from->cycle_s;
	to->gap_s = from->gap_s;
	to->nodes = from->nodes;
	to->splits = from->splits;
	to->n_hosts = from->n_hosts;
	to->force_in = from->force_in;
}

void trp_mesh_pack_encode(const struct trp_wire *wire,
			  struct trp_mesh_pack_encoded *ret_packed)
{
	Troupe__Mesh__Wire *packed = &ret_packed->wire;

	assert(wire->history_length <= TRP_WIRE_HISTORY_MAX);
	*packed = (Troupe__Mesh__Wire)TROUPE__MESH__WIRE__INIT;
	packed->type = (uint32_t)wire->type;
	if (wire->node)
		packed->node = trp_mesh_pack_text(wire->node);
	trp_mesh_pack_scalar(&wire->value, &ret_packed->value);
	packed->value = &ret_packed->value;
	for (size_t i = 0; i < wire->history_length; i++)
		ret_packed->history[i] = trp_mesh_pack_text(wire->history[i]);
	packed->n_history = wire->history_length;
	packed->history = ret_packed->history;
	if (wire->type != TRP_WIRE_VERS)
		return;
	pack_config(&wire->config, &ret_packed->config);
	packed->config = &ret_packed->config;
	if (!wire->from)
		return;
	packed->from = trp_mesh_pack_text(wire->from);
	trp_mesh_pack_scalar(&wire->note, &ret_packed->note);
	packed->note = &ret_packed->note;
	trp_mesh_pack_scalar(&wire->said, &ret_packed->said);
	packed->said = &ret_packed->said;
}

static int unpack_name(const ProtobufCBinaryData *from,
		       char to[TRP_WIRE_NAME_MAX + 1])
{
	if (!from->len || from->len > TRP_WIRE_NAME_MAX ||
	    memchr(from->data, '\0', from->len))
		return -EBADMSG;
	memcpy(to, from->data, from->len);
	to[from->len] = '\0';
	return 0;
}

int trp_mesh_pack_value(const Troupe__Mesh__Scalar *from, struct trp_scalar *to)
{
	*to = (struct trp_scalar) { .type = TRP_SCALAR_NONE };
	if (!from)
		return 0;
	if (from->type > TRP_SCALAR_RAW || from->span.len > TRP_WIRE_VALUE_MAX)
		return -EBADMSG;
	to->type = (enum trp_scalar_type)from->type;
	if (to->type == TRP_SCALAR_BOOL) {
		to->flag = from->flag;
	} else if (to->type == TRP_SCALAR_INT) {
		to->integer = from->integer;
	} else if (to->type == TRP_SCALAR_REAL) {
		to->real = from->real;
	} else if (trp_scalar_has_span(to)) {
		to->span.data = (const char *)from->span.data;
		to->span.length = from->span.len;
	}
	return 0;
}

void trp_mesh_pack_config(const Troupe__Mesh__Config *from,
			  struct trp_wire_config *to)
{
	to->version = from->version;
	to->cycle_s = from->cycle_s;
	to->gap_s = from->gap_s;
	to->nodes = from->nodes;
	to->splits = from->splits;
	to->n_hosts = from->n_hosts;
	to->force_in = from->force_in;
}

static int unpack_history(const Troupe__Mesh__Wire *packed,
			  struct trp_mesh_pack_decoded *unpacked)
{
	int r = 0;

	if (packed->n_history > TRP_WIRE_HISTORY_MAX)
		return -EBADMSG;
	for (size_t i = 0; r == 0 && i < packed->n_history; i++) {
		r = unpack_name(&packed->history[i], unpacked->names[i]);
		unpacked->history[i] = unpacked->names[i];
	}
	unpacked->wire.history = unpacked->history;
	unpacked->wire.history_length = packed->n_history;
	return r;
}

static int unpack_note(const Troupe__Mesh__Wire *packed,
		       struct trp_mesh_pack_decoded *unpacked)
{
	struct trp_wire *wire = &unpacked->wire;
	int r;

	if (!packed->from.len)
		return 0;
	r = unpack_name(&packed->from, unpacked->from);
	if (r == 0)
		r = trp_mesh_pack_value(packed->note, &wire->note);
	if (r == 0)
		r = trp_mesh_pack_value(packed->said, &wire->said);
	wire->from = unpacked->from;
	return r;
}

int trp_mesh_pack_decode(const Troupe__Mesh__Wire *packed,
			 struct trp_mesh_pack_decoded *ret_unpacked)
{
	struct trp_wire *wire = &ret_unpacked->wire;
	int r = 0;

	*wire = (struct trp_wire) { 0 };
	if (packed->type >= TRP_WIRE_TYPES)
		return -EBADMSG;
	wire->type = (enum trp_wire_type)packed->type;
	if (packed->node.len) {
		r = unpack_name(&packed->node, ret_unpacked->node);
		wire->node = ret_unpacked->node;
	}
	if (r == 0)
		r = trp_mesh_pack_value(packed->value, &wire->value);
	if (r == 0)
		r = unpack_history(packed, ret_unpacked);
	if (r == 0)
		r = unpack_note(packed, ret_unpacked);
	if (r < 0)
		return r;
	if (packed->config)
		trp_mesh_pack_config(packed->config, &wire->config);
	return trp_wire_is_valid(wire) ? 0 : -EBADMSG;
}
