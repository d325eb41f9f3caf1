/* SPDX-License-Identifier: MIT */
#include "ipc/library.h"

#include <dlfcn.h>
#include <errno.h>

int trp_library_load(struct trp_library *library)
{
	void **function = library->functions;
	void *handle;

	if (library->is_loaded)
		return 0;
	handle = dlopen(library->file, RTLD_NOW | RTLD_LOCAL);
	if (!handle)
		return -ELIBACC;
	for (const char *const *name = library->names; *name; name++) {
		*function = dlsym(handle, *name);
		if (!*function++)
			return -ELIBACC;
	}
	library->is_loaded = true;
	return 0;
}
