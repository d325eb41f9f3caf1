/* SPDX-License-Identifier: MIT */
#include "runtime/mesh/singleton.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "runtime/mesh/mesh.h"
#include "runtime/mesh/mesh.pb-c.h"
#include "runtime/mesh/subscribers.h"
#include "runtime/supervisor/requests.h"
#include "runtime/supervisor/supervisor.h"

/* The time to stop, before the next one may start. */
static int64_t grace_ms(const struct trp_mesh *mesh)
{
	return (int64_t)(trp_beacon_config(mesh->beacon)->gap_s * 750);
}

static void tell(struct trp_mesh *mesh)
{
	trp_mesh_subscribers_tell(
		mesh,
		&(struct troupe_mesh_event) {
			.kind = mesh->is_leader ? TROUPE_MESH_LEADING
						: TROUPE_MESH_FOLLOWING,
			.node = mesh->leadership.leader,
			.term = mesh->leadership.term,
			.fence = trp_leadership_fence(&mesh->leadership) });
}

static void apply(struct trp_mesh *mesh, struct trp_mesh_singleton *singleton)
{
	if (mesh->is_leader)
		trp_restart_want(&singleton->restart,
				 trp_leadership_fence(&mesh->leadership));
	else
		trp_restart_stop(&singleton->restart, grace_ms(mesh));
}

/* A new term is another leadership, even if this node had the last one. */
void trp_mesh_singleton_look(struct trp_mesh *mesh)
{
	bool may_run = trp_leadership_may_run(&mesh->leadership);
	struct trp_mesh_singleton *singleton;

	if (may_run == mesh->is_leader)
		return;
	mesh->is_leader = may_run;
	trp_beacon_set_eager(mesh->beacon, may_run);
	tell(mesh);
	for (singleton = mesh->singletons; singleton;
	     singleton = singleton->next)
		if (singleton->is_declared || !may_run)
			apply(mesh, singleton);
}

void trp_mesh_singleton_fini(struct trp_mesh *mesh)
{
	struct trp_mesh_singleton *singleton;

	while ((singleton = mesh->singletons)) {
		mesh->singletons = singleton->next;
		trp_restart_fini(&singleton->restart);
		free(singleton);
	}
}

/* ---- declaring ---------------------------------------------------------- */

static struct trp_mesh_singleton **find(struct trp_mesh *mesh, const char *name)
{
	struct trp_mesh_singleton **link = &mesh->singletons;

	while (*link && strcmp((*link)->restart.spawn->name, name) != 0)
		link = &(*link)->next;
	return link;
}

/* It may still run; its declaration is freed with the mesh. */
static int end(struct trp_mesh *mesh, const char *name)
{
	struct trp_mesh_singleton *singleton = *find(mesh, name);

	if (!singleton || !singleton->is_declared)
		return -ENOENT;
	singleton->is_declared = false;
	trp_restart_stop(&singleton->restart, grace_ms(mesh));
	return 0;
}

static int declare_again(struct trp_mesh *mesh,
			 struct trp_mesh_singleton *singleton,
			 const Troupe__Control__Spawn *spawn)
{
	bool was_declared = singleton->is_declared;

	if (was_declared &&
	    singleton->restart.spawn->birth->klass != spawn->birth->klass)
		return -EEXIST;
	if (trp_restart_replace(&singleton->restart, spawn) < 0)
		return -ENOMEM;
	singleton->is_declared = true;
	if (!was_declared && mesh->is_leader)
		apply(mesh, singleton);
	return 0;
}

static int declare(struct trp_mesh *mesh, const Troupe__Control__Spawn *spawn)
{
	struct trp_mesh_singleton **link = find(mesh, spawn->name);
	struct trp_mesh_singleton *singleton = *link;

	if (!spawn->birth || !spawn->birth->klass ||
	    !trp_registry_is_valid(spawn->name))
		return -EINVAL;
	if (singleton)
		return declare_again(mesh, singleton, spawn);
	singleton = calloc(1, sizeof(*singleton));
	if (!singleton)
		return -ENOMEM;
	if (trp_restart_init(&singleton->restart, mesh->supervisor, spawn) <
	    0) {
		free(singleton);
		return -ENOMEM;
	}
	singleton->is_declared = true;
	singleton->restart.is_offered = true;
	*link = singleton;
	if (mesh->is_leader)
		apply(mesh, singleton);
	return 0;
}

int trp_mesh_singleton_request(struct trp_request *request)
{
	const Troupe__Mesh__Singleton *wish = request->message;
	struct trp_mesh *mesh = request->module;
	Troupe__Control__Spawn *spawn;
	int r;

	spawn = troupe__control__spawn__unpack(NULL, wish->spawn.len,
					       wish->spawn.data);
	if (!spawn)
		return -EINVAL;
	r = wish->is_over ? end(mesh, spawn->name) : declare(mesh, spawn);
	troupe__control__spawn__free_unpacked(spawn, NULL);
	return r;
}
