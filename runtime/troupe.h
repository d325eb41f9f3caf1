/* SPDX-License-Identifier: MIT */
#ifndef TROUPE_H
#define TROUPE_H

/*
 * troupe: actors that are processes.  See troupe(7) for the model, troupe(1)
 * for the program that runs an application.
 *
 * An application is a shared object that defines
 *
 *	int troupe_main(int argc, char **argv);
 *
 * which runs as the root actor of the node, in a separate process.
 *
 * The process is the actor, so no function takes a handle of the caller, and
 * static variables are the actor's private state.  Only the thread that runs
 * the actor's callbacks may call these functions.
 *
 * Errors: 0 or positive is success, a negative errno is failure; on failure
 * outputs are untouched.  No function prints, exits or reports by errno, which
 * calls that succeed or time out leave unchanged.
 * Ownership: a function borrows its arguments until it returns; the arguments
 * of a callback are valid until it returns.  Exceptions say so.
 */

#include "troupe_types.h"
#include "troupe_send.h"
#include "troupe_class.h"
#include "troupe_actor.h"
#include "troupe_monitor.h"
#include "troupe_receive.h"
#include "troupe_call.h"
#include "troupe_timer.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Defined by the application, see above.  Its result ends the root actor: 0 or
 * more normally, a negative errno as a failure.  exit(n) ends it with n as the
 * exit status of `troupe run`.
 */
TROUPE_API int troupe_main(int argc, char **argv);

enum troupe_level { TROUPE_DEBUG, TROUPE_INFO, TROUPE_WARNING, TROUPE_FATAL };

/* One line to standard error, in one write, with address and pid. */
TROUPE_API void troupe_log(enum troupe_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Whether the node logs lines of that level now: before costly arguments. */
TROUPE_API bool troupe_log_allow(enum troupe_level level);

#ifdef __cplusplus
}
#endif

#endif
