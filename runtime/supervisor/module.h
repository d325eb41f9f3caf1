/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A feature of a node that the supervisor does not know: its part in the
 * supervisor's process, behind callbacks.  The list of them is in the program
 * (cli/main.c), so code of a module may use the supervisor's, and not the
 * other way round.
 *
 * A module has a state of its own, which its callbacks are given.  It is NULL
 * as long as the module is not open, and where the options do not ask for it:
 * then nothing of it is called, and its requests are answered by -ENOTCONN.
 */

#include <protobuf-c/protobuf-c.h>
#include "runtime/node/options.h"

struct trp_supervisor;
struct trp_request;
struct trp_control_session;

enum { TRP_MODULES = 8 };

/* A type of requests, of actors or control sessions, and its handler. */
struct trp_request_kind {
	const ProtobufCMessageDescriptor *type;
	int (*handle)(struct trp_request *request); /* see requests.h; or */
	/* See control_server.h.  message: of that type. */
	int (*ask)(struct trp_control_session *session, const void *message);
};

/* Tables end with an entry of NULL; they and leave() may be missing. */
struct trp_module {
	const char *closed; /* why it is not open, for people */
	/* Of messages to actors, and between them: all know these. */
	const ProtobufCMessageDescriptor *const *types;
	const struct trp_request_kind *requests;
	/*
	 * The root actor has been ordered.  The options are borrowed until
	 * close().  *ret_state may be set also on failure.  0 or -errno: the
	 * node ends.
	 */
	int (*open)(struct trp_supervisor *supervisor,
		    const struct trp_options *options, void **ret_state);
	/* The node ends, maybe not for the first time; all actors run yet. */
	void (*leave)(void *state);
	/* All processes are gone; frees the state. */
	void (*close)(void *state);
};

struct trp_module_entry {
	const struct trp_module *module; /* NULL: the end of the list */
	void *state;
};

/* Before the zygote's fork: the types are known.  As trp_types_add(). */
int trp_module_begin(struct trp_supervisor *supervisor,
		     const struct trp_module *const *list);

int trp_module_open(struct trp_supervisor *supervisor,
		    const struct trp_options *options);
void trp_module_leave(struct trp_supervisor *supervisor);
void trp_module_close(struct trp_supervisor *supervisor);

/*
 * The kind of requests of that type: one of `own`, the supervisor's (then
 * *ret_entry is NULL), or of a module.  NULL: nothing does.
 */
const struct trp_request_kind *trp_module_find(
	const struct trp_supervisor *supervisor,
	const struct trp_request_kind *own, uint64_t type,
	const struct trp_module_entry **ret_entry);
