/* SPDX-License-Identifier: MIT */
#include "runtime/node/fork_handlers.h"

#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

static struct trp_fork_handlers *list;
static size_t count;

int trp_fork_handlers_add(const struct trp_fork_handlers *handlers)
{
	struct trp_fork_handlers *grown =
		reallocarray(list, count + 1, sizeof(*list));

	if (!grown)
		return -ENOMEM;
	list = grown;
	list[count++] = *handlers;
	return 0;
}

static void run(void (*handler)(void), const void *library)
{
	Dl_info info;

	if (handler && (!library || dladdr(library, &info)))
		handler();
}

void trp_fork_handlers_prepare(void)
{
	for (size_t i = count; i > 0; i--)
		run(list[i - 1].prepare, list[i - 1].library);
}

void trp_fork_handlers_parent(void)
{
	for (size_t i = 0; i < count; i++)
		run(list[i].parent, list[i].library);
}

void trp_fork_handlers_child(void)
{
	for (size_t i = 0; i < count; i++)
		run(list[i].child, list[i].library);
}
