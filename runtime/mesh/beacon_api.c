/* SPDX-License-Identifier: MIT */
/* The beacon as actors steer it: requests to the supervisor. */
#include "runtime/troupe_beacon.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "runtime/actor/request.h"
#include "runtime/mesh/app_value.h"
#include "runtime/mesh/beacon_event.pb-c.h"
#include "runtime/mesh/mesh.pb-c.h"
#include "runtime/mesh/steer.h"
#include "runtime/node/types.h"

static int steer(enum trp_mesh_order order)
{
	Troupe__Mesh__Steer request = TROUPE__MESH__STEER__INIT;

	request.order = order;
	return trp_actor_request(&request.base, NULL);
}

int troupe_beacon_set_value(const struct troupe_value *value)
{
	Troupe__Mesh__Steer request = TROUPE__MESH__STEER__INIT;
	Troupe__Mesh__Scalar scalar;
	int r = trp_mesh_app_value_of(value, &scalar);

	if (r < 0)
		return r;
	request.order = TRP_MESH_SET_VALUE;
	request.value = &scalar;
	return trp_actor_request(&request.base, NULL);
}

int troupe_beacon_set_ready(bool is_ready)
{
	return steer(is_ready ? TRP_MESH_SET_READY : TRP_MESH_SET_UNREADY);
}

int troupe_beacon_enable(void)
{
	return steer(TRP_MESH_ENABLE);
}

int troupe_beacon_disable(void)
{
	return steer(TRP_MESH_DISABLE);
}

int troupe_beacon_configure(const struct troupe_beacon_config *config)
{
	Troupe__Mesh__Steer request = TROUPE__MESH__STEER__INIT;
	Troupe__Mesh__Config wanted = TROUPE__MESH__CONFIG__INIT;

	if (!config)
		return -EINVAL;
	wanted.version = config->version;
	wanted.cycle_s = config->cycle_s;
	wanted.gap_s = config->gap_s;
	wanted.nodes = config->listed;
	wanted.splits = config->splits;
	wanted.n_hosts = config->hosts;
	wanted.force_in = config->force_in;
	request.order = TRP_MESH_CONFIGURE;
	request.config = &wanted;
	return trp_actor_request(&request.base, NULL);
}

int troupe_beacon_say(const void *bytes, size_t size)
{
	Troupe__Mesh__Steer request = TROUPE__MESH__STEER__INIT;

	if (!bytes && size)
		return -EINVAL;
	if (size > TROUPE_BEACON_SAY_MOST)
		return -EMSGSIZE;
	request.order = TRP_MESH_SAY;
	request.said = (ProtobufCBinaryData) { size, (uint8_t *)bytes };
	return trp_actor_request(&request.base, NULL);
}

/* A guest learns the type here; others inherit it. */
int troupe_beacon_subscribe(unsigned past)
{
	Troupe__Mesh__Subscribe request = TROUPE__MESH__SUBSCRIBE__INIT;
	int r = trp_types_add(&troupe__beacon_event__descriptor);

	request.past = past;
	return r < 0 ? r : trp_actor_request(&request.base, NULL);
}

/* ---- looking ------------------------------------------------------------ */

static int look(Troupe__Mesh__View **ret_view)
{
	Troupe__Mesh__Look request = TROUPE__MESH__LOOK__INIT;
	ProtobufCBinaryData bytes = { 0 };
	int r = trp_actor_request_more(&request.base, &bytes);

	if (r < 0)
		return r;
	*ret_view = troupe__mesh__view__unpack(NULL, bytes.len, bytes.data);
	free(bytes.data);
	return *ret_view ? 0 : -ENOMEM;
}

static const Troupe__Mesh__Scalar *find(const Troupe__Mesh__View *view,
					const char *node)
{
	const Troupe__Mesh__Node *one;

	if (!node)
		return view->said;
	for (size_t i = 0; i < view->n_nodes; i++) {
		one = view->nodes[i];
		if (one->name.len == strlen(node) &&
		    memcmp(one->name.data, node, one->name.len) == 0)
			return one->said;
	}
	return NULL;
}

int troupe_beacon_value(const char *node, struct troupe_value **ret_value)
{
	const Troupe__Mesh__Scalar *said;
	struct troupe_value *value;
	Troupe__Mesh__View *view;
	int r = ret_value ? look(&view) : -EINVAL;

	if (r < 0)
		return r;
	said = find(view, node);
	value = said ? trp_mesh_app_value_make(said) : NULL;
	troupe__mesh__view__free_unpacked(view, NULL);
	if (!value)
		return said ? -ENOMEM : -ENOENT;
	*ret_value = value;
	return 0;
}

int troupe_beacon_config(struct troupe_beacon_config *ret_config)
{
	const Troupe__Mesh__Config *config;
	Troupe__Mesh__View *view;
	int r = ret_config ? look(&view) : -EINVAL;

	if (r < 0)
		return r;
	config = view->config;
	if (config)
		*ret_config = (struct troupe_beacon_config) {
			.version = config->version,
			.cycle_s = config->cycle_s,
			.gap_s = config->gap_s,
			.listed = config->nodes,
			.splits = config->splits,
			.hosts = config->n_hosts,
			.force_in = config->force_in,
		};
	troupe__mesh__view__free_unpacked(view, NULL);
	return config ? 0 : -EPROTO;
}
