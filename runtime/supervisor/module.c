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

	for (size_t i = 0; list[i]; i++) {
		assert(i < TRP_MODULES && list[i]->open);
		supervisor->modules[i].module = list[i];
		for (type = list[i]->types; r == 0 && type && *type; type++)
			r = trp_types_add(*type);
	}
	return r;
}

int trp_module_open(struct trp_supervisor *supervisor,
		    const struct trp_options *options)
{
	struct trp_module_entry *entry;
	int r = 0;

	for (entry = supervisor->modules; r == 0 && entry->module; entry++)
		r = entry->module->open(supervisor, options, &entry->state);
	return r;
}

bool trp_module_reload(struct trp_supervisor *supervisor)
{
	struct trp_module_entry *entry;
	bool is_taken = false;

	for (entry = supervisor->modules; entry->module; entry++)
		if (entry->state && entry->module->reload)
			is_taken |= entry->module->reload(entry->state);
	return is_taken;
}

void trp_module_leave(struct trp_supervisor *supervisor)
{
	struct trp_module_entry *entry;

	for (entry = supervisor->modules; entry->module; entry++)
		if (entry->state && entry->module->leave)
			entry->module->leave(entry->state);
}

void trp_module_close(struct trp_supervisor *supervisor)
{
	struct trp_module_entry *entry;

	for (entry = supervisor->modules; entry->module; entry++)
		if (entry->state)
			entry->module->close(entry->state);
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
	const struct trp_request_kind *own, uint64_t type,
	const struct trp_module_entry **ret_entry)
{
	const struct trp_module_entry *entry = supervisor->modules;
	const struct trp_request_kind *kind = find(own, type);

	*ret_entry = NULL;
	for (; !kind && entry->module; entry++) {
		kind = find(entry->module->requests, type);
		*ret_entry = kind ? entry : NULL;
	}
	return kind;
}
