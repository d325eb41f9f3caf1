/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A feature of a node that the supervisor does not know: its part in the
 * supervisor's process, behind callbacks.  Their list is in the program
 * (cli/main.c), so a module may use the supervisor's code, but not the other
 * way round.  Each module has a state, which its callbacks get.  It is NULL as
 * long as the module is not open, or if the options do not enable it: then none
 * of its callbacks runs, and its requests are answered by -ENOTCONN.
 */

#include <protobuf-c/protobuf-c.h>
#include "runtime/node/options.h"

struct trp_supervisor;
struct trp_request;
struct trp_control_session;

enum { TRP_MODULES = 8 };

/* A type of request, of actors or control sessions, and its handler. */
struct trp_request_kind {
	const ProtobufCMessageDescriptor *type;
	int (*handle)(struct trp_request *request); /* see requests.h; or */
	/* See control_server.h.  message: of that type. */
	int (*ask)(struct trp_control_session *session, const void *message);
};

/* Tables end with an entry of NULL; they, reload() and leave() may be missing.
 */
struct trp_module {
	const char *closed; /* why it cannot be opened, for people */
	/* Types of messages to actors, and between them, which all know. */
	const ProtobufCMessageDescriptor *const *types;
	const struct trp_request_kind *requests;
	/*
	 * After the order for the root actor.  The options are borrowed until
	 * close().  *ret_state may also be set on failure.  0 or -errno: the
	 * node ends.
	 */
	int (*open)(struct trp_supervisor *supervisor,
		    const struct trp_options *options, void **ret_state);
	/* SIGHUP.  False, or NULL: it is to end the node. */
	bool (*reload)(void *state);
	/* The node ends; may be called again; all actors still run. */
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
/* False: no module takes it. */
bool trp_module_reload(struct trp_supervisor *supervisor);
void trp_module_leave(struct trp_supervisor *supervisor);
void trp_module_close(struct trp_supervisor *supervisor);

/*
 * The kind of requests of that type: one of `own`, the supervisor's (then
 * *ret_entry is NULL), or of a module.  NULL: none.
 */
const struct trp_request_kind *trp_module_find(
	const struct trp_supervisor *supervisor,
	const struct trp_request_kind *own, uint64_t type,
	const struct trp_module_entry **ret_entry);
