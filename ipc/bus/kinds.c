/* SPDX-License-Identifier: MIT */
#include "ipc/bus/kinds.h"

#include <string.h>
#include "ipc/bus/local.h"
#include "ipc/bus/mqtt.h"
#include "ipc/bus/serf.h"

static const struct trp_bus_kind *const kinds[] = { &trp_bus_local,
#ifdef HAVE_LIBMOSQUITTO
						    &trp_bus_mqtt,
#endif
#ifdef HAVE_MSGPACK
						    &trp_bus_serf,
#endif
						    NULL };

const char *trp_bus_kinds_name(size_t number)
{
	size_t count = sizeof(kinds) / sizeof(*kinds) - 1;

	return number < count ? kinds[number]->name : NULL;
}

const struct trp_bus_kind *trp_bus_kinds_find(const char *name, size_t length)
{
	for (size_t i = 0; kinds[i]; i++)
		if (strlen(kinds[i]->name) == length &&
		    memcmp(kinds[i]->name, name, length) == 0)
			return kinds[i];
	return NULL;
}
