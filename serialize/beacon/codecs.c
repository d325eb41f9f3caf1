/* SPDX-License-Identifier: MIT */
#include "serialize/beacon/codecs.h"

#include <string.h>
#include "serialize/beacon/cbor.h"
#include "serialize/beacon/msgpack.h"

static const struct trp_codec *const codecs[] = {
#ifdef HAVE_LIBCBOR
	&trp_cbor,
#endif
#ifdef HAVE_MSGPACK
	&trp_msgpack,
#endif
	NULL
};

const struct trp_codec *trp_codecs_find(const char *name)
{
	for (size_t i = 0; codecs[i]; i++)
		if (strcmp(codecs[i]->name, name) == 0)
			return codecs[i];
	return NULL;
}
