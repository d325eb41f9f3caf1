/* SPDX-License-Identifier: MIT */
#include "runtime/supervisor/module.h"

#include <assert.h>
#include "runtime/node/types.h"
#include "runtime/supervisor/supervisor.h"
#include "serialize/type.h"

int trp_module_begin(struct trp_supervisor *supervisor,
		     const struct trp_module *const *list)
{
	const ProtobufCMessageDescriptor *const *type;
	int r = 0;

	supervisor->modules.list = list;
	for (size_t i = 0; list[i]; i++) {
		assert(i < TRP_MODULES);
		for (type = list[i]->types; r == 0 && type && *type; type++)
			r = trp_types_add(*type);
	}
	return r;
}

int trp_module_open(struct trp_supervisor *supervisor,
		    const struct trp_options *options)
{
	struct trp_modules *modules = &supervisor->modules;
	int r = 0;

	for (size_t i = 0; r == 0 && modules->list[i]; i++)
		if (modules->list[i]->open)
			r = modules->list[i]->open(supervisor, options,
						   &modules->state[i]);
	return r;
}

void trp_module_leave(struct trp_supervisor *supervisor)
{
	struct trp_modules *modules = &supervisor->modules;

	for (size_t i = 0; modules->list[i]; i++)
		if (modules->list[i]->leave && modules->state[i])
			modules->list[i]->leave(modules->state[i]);
}

void trp_module_close(struct trp_supervisor *supervisor)
{
	struct trp_modules *modules = &supervisor->modules;

	for (size_t i = 0; modules->list[i]; i++) {
		if (modules->list[i]->close && modules->state[i])
			modules->list[i]->close(modules->state[i]);
		modules->state[i] = NULL;
	}
}

static const struct trp_request_kind *find(const struct trp_request_kind *kind,
					   uint64_t type)
{
	while (kind && kind->type && trp_type_of(kind->type) != type)
		kind++;
	return kind && kind->type ? kind : NULL;
}

const struct trp_request_kind *trp_module_find(
	const struct trp_supervisor *supervisor,
	const struct trp_request_kind *own, uint64_t type, void **ret_state)
{
	const struct trp_modules *modules = &supervisor->modules;
	const struct trp_request_kind *kind = find(own, type);

	*ret_state = NULL;
	for (size_t i = 0; !kind && modules->list[i]; i++) {
		kind = find(modules->list[i]->requests, type);
		*ret_state = modules->state[i];
	}
	return kind;
}
