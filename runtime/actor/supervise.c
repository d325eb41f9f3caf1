/* SPDX-License-Identifier: MIT */
#include "runtime/actor/supervise.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "runtime/actor/request.h"
#include "runtime/actor/self.h"
#include "runtime/actor/spawn.h"
#include "runtime/node/image.h"
#include "runtime/troupe_supervise.h"

/* A child as the supervisor gets it, and what it points to. */
struct described {
	Troupe__Control__Supervised child;
	Troupe__Control__Spawn spawn;
	Troupe__Control__Birth birth;
};

static int describe(const struct troupe_child_spec *spec,
		    struct described *ret_described)
{
	struct described *d = ret_described;
	int r;

	troupe__control__supervised__init(&d->child);
	troupe__control__spawn__init(&d->spawn);
	troupe__control__birth__init(&d->birth);
	d->child.spawn = &d->spawn;
	d->spawn.birth = &d->birth;
	if (!spec->id || !*spec->id || !spec->klass || spec->start_ms < 0)
		return -EINVAL;
	r = trp_actor_spawn_describe(spec->klass, spec->arguments, &d->spawn);
	if (r < 0)
		return r;
	d->birth.label = d->spawn.child = (char *)spec->id;
	if (spec->name)
		d->spawn.name = (char *)spec->name;
	d->child.restart = spec->restart;
	d->child.is_significant = spec->is_significant;
	d->child.is_killed = spec->is_killed;
	d->child.start_ms = spec->start_ms;
	d->child.decides = spec->klass->decide_to_start != NULL;
	return 0;
}

/* 0 or -EINVAL: the table is not static. */
static int count_children(const struct troupe_supervisor *rules,
			  size_t *ret_count)
{
	const struct troupe_child_spec *spec = rules->children;

	*ret_count = 0;
	if (!spec)
		return 0;
	for (; trp_image_has(spec, sizeof(*spec)); spec++) {
		if (!spec->id)
			return 0;
		++*ret_count;
	}
	return -EINVAL;
}

static int request(const struct troupe_supervisor *rules,
		   Troupe__Control__Supervised **child, size_t count)
{
	Troupe__Control__Supervise supervise = TROUPE__CONTROL__SUPERVISE__INIT;

	supervise.strategy = rules->strategy;
	supervise.auto_shutdown = rules->auto_shutdown;
	supervise.intensity = rules->intensity;
	supervise.period_ms = rules->period_ms;
	supervise.first_ms = rules->first_ms;
	supervise.last_ms = rules->last_ms;
	supervise.quiet_ms = rules->quiet_ms;
	supervise.is_parallel = rules->is_parallel;
	supervise.child = child;
	supervise.n_child = count;
	return trp_actor_request(&supervise.base, NULL);
}

int trp_supervise_begin(const struct troupe_class *klass)
{
	const struct troupe_supervisor *rules = klass->supervises;
	Troupe__Control__Supervised **child = NULL;
	struct described *described = NULL;
	size_t count = 0, done = 0;
	int r;

	if (!rules)
		return 0;
	r = trp_image_has(rules, sizeof(*rules)) ? count_children(rules, &count)
						 : -EINVAL;
	if (r < 0)
		return r;
	described = calloc(count + 1, sizeof(*described));
	child = calloc(count + 1, sizeof(Troupe__Control__Supervised *));
	if (!described || !child)
		r = -ENOMEM;
	for (; r == 0 && done < count; done++) {
		r = describe(&rules->children[done], &described[done]);
		child[done] = &described[done].child;
	}
	if (r == 0)
		r = request(rules, child, count);
	for (size_t i = 0; i < done; i++)
		free(described[i].birth.arguments.data);
	free(described);
	free(child);
	return r;
}

/* ---- at run time --------------------------------------------------------- */

int troupe_child_add(troupe_ref supervisor,
		     const struct troupe_child_spec *spec,
		     struct troupe_time deadline, troupe_ref *ret_ref)
{
	Troupe__Control__AddChild add = TROUPE__CONTROL__ADD_CHILD__INIT;
	struct described described;
	int r;

	if (trp_self.is_guest)
		return -ENOTSUP;
	if (!spec || deadline.ns < 0)
		return -EINVAL;
	r = describe(spec, &described);
	if (r < 0)
		return r;
	add.supervisor = supervisor;
	add.child = &described.child;
	add.deadline = deadline.ns;
	r = trp_actor_request(&add.base, ret_ref);
	free(described.birth.arguments.data);
	return r;
}

static int order(troupe_ref supervisor, const char *id,
		 Troupe__Control__ChildOrder what)
{
	Troupe__Control__OrderChild order = TROUPE__CONTROL__ORDER_CHILD__INIT;

	if (!id)
		return -EINVAL;
	order.supervisor = supervisor;
	order.id = (char *)id;
	order.what = what;
	return trp_actor_request(&order.base, NULL);
}

int troupe_child_stop(troupe_ref supervisor, const char *id)
{
	return order(supervisor, id, TROUPE__CONTROL__CHILD_ORDER__STOP_CHILD);
}

int troupe_child_start(troupe_ref supervisor, const char *id)
{
	return order(supervisor, id, TROUPE__CONTROL__CHILD_ORDER__START_CHILD);
}

int troupe_child_restart(troupe_ref supervisor, const char *id)
{
	return order(supervisor, id,
		     TROUPE__CONTROL__CHILD_ORDER__RESTART_CHILD);
}

int troupe_child_remove(troupe_ref supervisor, const char *id)
{
	return order(supervisor, id,
		     TROUPE__CONTROL__CHILD_ORDER__REMOVE_CHILD);
}
