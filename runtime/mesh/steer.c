/* SPDX-License-Identifier: MIT */
#include "runtime/mesh/steer.h"

#include <errno.h>
#include "runtime/mesh/app_value.h"
#include "runtime/mesh/mesh.h"
#include "runtime/mesh/pack.h"

static int set_value(struct trp_mesh *mesh, const Troupe__Mesh__Steer *order)
{
	struct trp_scalar value;
	int r = trp_mesh_pack_value(order->value, &value);

	if (r < 0 || !trp_mesh_app_value_is_valid(&value))
		return -EINVAL;
	return trp_scalar_copy(&mesh->voice.own, &value);
}

static int set_ready(struct trp_mesh *mesh, bool is_ready)
{
	mesh->is_ready = is_ready;
	trp_beacon_set_ready(mesh->beacon, is_ready);
	return 0;
}

static int enable(struct trp_mesh *mesh, const Troupe__Mesh__Steer *order)
{
	trp_beacon_enable(mesh->beacon, trp_time_now());
	return 0;
}

/* Others cannot hear who leads then. */
static int disable(struct trp_mesh *mesh, const Troupe__Mesh__Steer *order)
{
	trp_leadership_resign(&mesh->leadership);
	trp_beacon_disable(mesh->beacon);
	return 0;
}

static int ready(struct trp_mesh *mesh, const Troupe__Mesh__Steer *order)
{
	return set_ready(mesh, true);
}

static int unready(struct trp_mesh *mesh, const Troupe__Mesh__Steer *order)
{
	return set_ready(mesh, false);
}

/* By two, as those of the original do that change the length of the list. */
static int configure(struct trp_mesh *mesh, const Troupe__Mesh__Steer *order)
{
	enum { STEP = 2 };
	struct trp_wire_config config;

	if (!order->config)
		return -EINVAL;
	trp_mesh_pack_config(order->config, &config);
	if (!config.version)
		config.version =
			trp_beacon_config(mesh->beacon)->version + STEP;
	return trp_beacon_configure(mesh->beacon, &config);
}

static int say(struct trp_mesh *mesh, const Troupe__Mesh__Steer *order)
{
	if (order->said.len > trp_mesh_voice_room(mesh))
		return -EMSGSIZE;
	if (!mesh->is_up)
		return -ENETDOWN;
	if (mesh->unanswered >= TRP_MESH_BUSY)
		return -EAGAIN;
	return trp_beacon_say(mesh->beacon, order->said.data, order->said.len);
}

int trp_mesh_steer(struct trp_mesh *mesh, const Troupe__Mesh__Steer *order)
{
	static int (*const orders[])(struct trp_mesh * mesh,
				     const Troupe__Mesh__Steer *order) = {
		[TRP_MESH_SET_VALUE] = set_value,
		[TRP_MESH_SET_READY] = ready,
		[TRP_MESH_SET_UNREADY] = unready,
		[TRP_MESH_ENABLE] = enable,
		[TRP_MESH_DISABLE] = disable,
		[TRP_MESH_CONFIGURE] = configure,
		[TRP_MESH_SAY] = say,
	};

	if (order->order >= sizeof(orders) / sizeof(orders[0]) ||
	    !orders[order->order])
		return -EINVAL;
	return orders[order->order](mesh, order);
}
