/* SPDX-License-Identifier: MIT */
#include "runtime/node/exit_handlers.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Of the sanitizer, which the application may have though we have not. */
extern int __lsan_do_recoverable_leak_check(void) __attribute__((weak));

static bool all_run_them;

void trp_exit_handlers_begin(void)
{
	const char *wish = getenv("TROUPE_EXIT_HANDLERS");

	all_run_them = wish && *wish && strcmp(wish, "0") != 0;
}

void trp_exit_handlers_leave(int status, bool asks)
{
	if (asks || all_run_them)
		exit(status);
	_exit(status);
}

bool trp_exit_handlers_find_leaks(void)
{
	return __lsan_do_recoverable_leak_check &&
	       __lsan_do_recoverable_leak_check() != 0;
}
