/* SPDX-License-Identifier: MIT */
#include "runtime/actor/backtrace.h"

#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/hot.h"
#include "runtime/troupe_backtrace.h"
#if __has_include(<execinfo.h>)
#include <execinfo.h>
#else
#define backtrace(frames, most) 0
#endif

/* ---- of others ----------------------------------------------------------- */

static struct kept {
	const struct troupe_proxy *proxy; /* NULL: none */
	char *text;
} kept[16];
TRP_HOT bool trp_backtrace_is_kept;

static struct kept *find(const struct troupe_proxy *proxy)
{
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		if (kept[i].proxy == proxy)
			return &kept[i];
	return NULL;
}

void trp_backtrace_keep(const struct troupe_proxy *proxy, const char *text)
{
	static unsigned next;
	struct kept *one = find(proxy);
	char *copy = text && *text ? strdup(text) : NULL;

	if (!one && !copy)
		return;
	if (!one)
		one = find(NULL);
	if (!one)
		one = &kept[next++ % (sizeof(kept) / sizeof(kept[0]))];
	free(one->text);
	one->proxy = copy ? proxy : NULL;
	one->text = copy;
	trp_backtrace_is_kept = true;
}

const char *troupe_proxy_backtrace(const struct troupe_proxy *proxy)
{
	const struct kept *one = proxy ? find(proxy) : NULL;

	return one ? one->text : "";
}

/* ---- one's own ----------------------------------------------------------- */

static size_t append(char *buffer, size_t size, size_t used, const void *frame,
		     const Dl_info *info)
{
	const char *slash = strrchr(info->dli_fname, '/');
	const char *file = slash ? slash + 1 : info->dli_fname;
	const char *before = used ? " < " : "";
	size_t in_file = (uintptr_t)frame - (uintptr_t)info->dli_fbase;
	int more;

	if (info->dli_sname)
		more = snprintf(buffer + used, size - used,
				"%s%s+0x%zx (%s+0x%zx)", before,
				info->dli_sname,
				(uintptr_t)frame - (uintptr_t)info->dli_saddr,
				file, in_file);
	else
		more = snprintf(buffer + used, size - used, "%s%s+0x%zx",
				before, file, in_file);
	if (more < 0 || (size_t)more >= size - used) {
		buffer[used] = '\0';
		return size; /* no more */
	}
	return used + (size_t)more;
}

/*
 * From the first frame that is not of `library` to the last before it is again;
 * NULL: all.
 */
static size_t describe(void *const *frames, int count, const void *library,
		       char *buffer, size_t size)
{
	Dl_info info;
	size_t used = 0;

	for (int i = 0; i < count && used < size; i++) {
		/* The call, not the address behind it. */
		const void *frame = (const char *)frames[i] - 1;

		if (!dladdr(frame, &info) || !info.dli_fname)
			continue;
		if (info.dli_fbase != library)
			used = append(buffer, size, used, frame, &info);
		else if (used)
			break;
	}
	return used;
}

void troupe_backtrace(char *buffer, size_t size)
{
	enum { FRAMES = 64 };
	void *frames[FRAMES] = { 0 };
	int count = backtrace(frames, FRAMES);
	Dl_info own;

	if (!buffer || !size)
		return;
	buffer[0] = '\0';
	if (count < 2 || !dladdr((void *)(uintptr_t)troupe_backtrace, &own))
		return;
	/* A program that has the library in itself. */
	if (!describe(frames + 1, count - 1, own.dli_fbase, buffer, size))
		describe(frames + 1, count - 1, NULL, buffer, size);
}
