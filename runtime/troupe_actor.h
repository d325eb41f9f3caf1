/* SPDX-License-Identifier: MIT */
#ifndef TROUPE_ACTOR_H
#define TROUPE_ACTOR_H

/* The lives of actors, and their names; as troupe.h. */

#include "troupe_class.h"

#ifdef __cplusplus
extern "C" {
#endif

TROUPE_API troupe_ref troupe_self(void);
TROUPE_API troupe_ref troupe_parent(void);

/*
 * Starts a child of this actor, a separate process, running `klass` (static in
 * the application).  arguments: a message or NULL, copied.  ret_ref may be
 * NULL.  Does not wait until the child runs: a failure to start is reported as
 * its end.
 * Returns 0; -EAGAIN: no slot or no process is free; -EINVAL: also a class, a
 * handler, a method or a type that is on the heap or the stack, or was changed
 * since the start, as the new process does not have it; -EMSGSIZE; -ENOMEM;
 * -ECANCELED: its node is being stopped, or this actor is ending: its run() or
 * stop() has returned.  Until then one that was told to stop may spawn.
 */
TROUPE_API int troupe_spawn(const struct troupe_class *klass,
			    const ProtobufCMessage *arguments,
			    troupe_ref *ret_ref);

/* The same, registered under `name` at once.  -EEXIST: the name is taken. */
TROUPE_API int troupe_spawn_named(const char *name,
				  const struct troupe_class *klass,
				  const ProtobufCMessage *arguments,
				  troupe_ref *ret_ref);

/* A function as an actor: a class of which only `run` is set. */
TROUPE_API int troupe_spawn_function(int (*run)(const void *arguments),
				     const ProtobufCMessage *arguments,
				     troupe_ref *ret_ref);

/*
 * stop: the running handler finishes, stop() is called, children are stopped
 *       and waited for, then it ends; mail not yet handled is dropped.  After
 *       its grace time it is killed.
 * close: in-band: it handles messages sent before, then ends normally.
 * kill: SIGKILL, now.
 * Return 0, -ESRCH, -EINVAL; close also what troupe_send() returns.  All work
 * on any actor, repeatedly, and on the caller.
 */
TROUPE_API int troupe_stop(troupe_ref ref);
TROUPE_API int troupe_close(troupe_ref ref);
TROUPE_API int troupe_kill(troupe_ref ref);

/*
 * Waits until the actor has ended; no handler runs meanwhile.  If it is gone
 * already, ret_end is its end if that is among the latest 512, which the
 * supervisor keeps (their results up to 8 MiB, the latest), else TROUPE_NOPROC.
 * ret_end may be NULL.  Returns 0,
 * -ETIMEDOUT, -ECANCELED (told to stop), -EDEADLK (oneself), -EINVAL.
 */
TROUPE_API int troupe_wait(troupe_ref ref, struct troupe_time deadline,
			   struct troupe_end *ret_end);

/*
 * Ends this actor after the running callback, as if that had returned `result`
 * (TROUPE_STOP: cleanly): for callbacks that return nothing, such as methods
 * and closures.
 */
TROUPE_API void troupe_finish(int result);

/* True: this actor has been told to stop.  For long computations. */
TROUPE_API bool troupe_is_stopping(void);

/* ---- names --------------------------------------------------------------- */

/*
 * A name is free again when the end of its holder is seen.
 * register: -EEXIST, -ESRCH, -EINVAL (empty, 32 bytes and more, no UTF-8, or
 * with "/" or control characters).
 * whereis, unregister: -ENOENT.
 */
TROUPE_API int troupe_register(const char *name, troupe_ref ref);
TROUPE_API int troupe_unregister(const char *name);
TROUPE_API int troupe_whereis(const char *name, troupe_ref *ret_ref);

#ifdef __cplusplus
}
#endif

#endif
