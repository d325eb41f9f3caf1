/* SPDX-License-Identifier: MIT */
#include "ipc/bus/kinds.h"

#include <string.h>
#include "ipc/bus/local.h"
#include "ipc/bus/mqtt.h"
#include "ipc/bus/nats.h"
#include "ipc/bus/serf.h"

static const struct trp_bus_kind *const kinds[] = { &trp_bus_local,
#ifdef HAVE_LIBMOSQUITTO
						    &trp_bus_mqtt,
#endif
#ifdef HAVE_MSGPACK
						    &trp_bus_serf,
#endif
#ifdef HAVE_LIBNATS
						    &trp_bus_nats,
#endif
						    NULL };

const char *trp_bus_kinds_name(size_t number)
{
	size_t count = sizeof(kinds) / sizeof(*kinds) - 1;

	return number < count ? kinds[number]->name : NULL;
}

static const struct trp_bus_kind *first;

void trp_bus_kinds_use(const struct trp_bus_kind *kind)
{
	first = kind;
}

static bool is_named(const struct trp_bus_kind *kind, const char *name,
		     size_t length)
{
	return strlen(kind->name) == length &&
	       memcmp(kind->name, name, length) == 0;
}

const struct trp_bus_kind *trp_bus_kinds_find(const char *name, size_t length)
{
	if (first && is_named(first, name, length))
		return first;
	for (size_t i = 0; kinds[i]; i++)
		if (is_named(kinds[i], name, length))
			return kinds[i];
	return NULL;
}
