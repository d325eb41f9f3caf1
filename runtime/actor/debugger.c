/* SPDX-License-Identifier: MIT */
#include "runtime/actor/debugger.h"

#include <fnmatch.h>
#include <signal.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>
#include "runtime/node/tracer.h"
#include "runtime/troupe.h"

/* The kernel tells nobody that a tracer has come, so this looks. */
static void await(const sigset_t *go_on)
{
	const struct timespec moment = { .tv_nsec = 20000000 };

	while (!trp_tracer_is_there(getpid()) &&
	       sigtimedwait(go_on, NULL, &moment) != SIGCONT)
		continue;
}

void trp_debugger_await(const char *pattern, const char *title)
{
	sigset_t go_on, before;

	if (!*pattern || fnmatch(pattern, title, FNM_PATHNAME) != 0)
		return;
	/* Where only descendants may be traced (Yama), this one may by all. */
	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
	/* Before anybody is told to send it. */
	sigemptyset(&go_on);
	sigaddset(&go_on, SIGCONT);
	sigprocmask(SIG_BLOCK, &go_on, &before);
	troupe_log(TROUPE_WARNING,
		   "waits for a debugger: gdb -p %d; without one it goes on "
		   "by kill -CONT %d",
		   (int)getpid(), (int)getpid());
	await(&go_on);
	sigprocmask(SIG_SETMASK, &before, NULL);
}
