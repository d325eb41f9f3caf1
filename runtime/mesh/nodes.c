/* SPDX-License-Identifier: MIT */
#include "runtime/mesh/nodes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "runtime/mail/module.h"
#include "runtime/mail/presence.pb-c.h"
#include "runtime/mail/service.pb-c.h"
#include "runtime/mesh/beacon_event.pb-c.h"
#include "runtime/mesh/nodes.pb-c.h"
#include "runtime/mesh/roster.h"
#include "runtime/node/status.h"
#include "runtime/node/system.pb-c.h"
#include "runtime/supervisor/control_server.h"
#include "runtime/supervisor/notify.h"
#include "runtime/supervisor/requests.h"
#include "runtime/supervisor/supervisor.h"
#include "runtime/troupe_mesh.h"

/*
 * The mail actor attends to exactly the nodes that the roster expects, and to
 * all while somebody asks for all.  A node that is down is expected as long as
 * somebody asks for it; one that is up until it is down, as it is likely to be
 * asked for again.
 */

enum { OUTAGE_MS = 10000 };

struct asker {
	struct asker *next;
	troupe_ref ref; /* an actor; 0: it is a session */
	struct trp_control_session *session;
	uint64_t correlation;		   /* of a Resolve; 0: it monitors */
	struct troupe_time until;	   /* of a Resolve */
	char node[TRP_PRESENCE_NODE_SIZE]; /* "": all */
};

struct nodes {
	struct trp_supervisor *supervisor;
	const struct trp_options *options;
	struct trp_mesh_roster roster;
	struct asker *askers;
	troupe_ref mail; /* the mail actor, as it began; 0: it has not */
	bool wants_all;
	bool is_loss_told; /* of news for which there was no room */
	struct troupe_timer due;
};

/* ---- telling askers ------------------------------------------------------ */

static int64_t calendar_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void tell_event(struct nodes *nodes, const struct asker *asker,
		       const struct trp_mesh_roster_node *node, bool is_up)
{
	Troupe__BeaconEvent event = TROUPE__BEACON_EVENT__INIT;

	event.kind = is_up ? TROUPE_MESH_NODE_UP : TROUPE_MESH_NODE_DOWN;
	event.node = (char *)node->name;
	event.run = node->run;
	event.error = is_up ? 0 : -EHOSTUNREACH;
	event.at_ms = calendar_ms();
	trp_notify_send(nodes->supervisor, trp_ref_slot(asker->ref),
			&event.base);
}

static void tell_run(const struct asker *asker,
		     const struct trp_mesh_roster_node *node, bool is_up)
{
	Troupe__Nodes__Run run = TROUPE__NODES__RUN__INIT;

	run.node = (char *)node->name;
	run.run = node->run;
	run.is_gone = !is_up;
	run.words.data = node->words;
	run.words.len = node->length;
	trp_control_server_say(asker->session, &run.base);
}

static void answer(struct nodes *nodes, const struct asker *asker, uint32_t run,
		   int result)
{
	Troupe__Control__Answer answer = TROUPE__CONTROL__ANSWER__INIT;

	answer.result = result;
	if (run)
		answer.ref = (uint64_t)run << TRP_REF_NODE | 1;
	trp_notify_tell(nodes->supervisor, trp_ref_slot(asker->ref), TRP_REPLY,
			asker->correlation, &answer.base);
}

/* Returns whether it is still an asker. */
static bool tell(struct nodes *nodes, const struct asker *asker,
		 const struct trp_mesh_roster_node *node, bool is_up)
{
	if (asker->ref &&
	    !trp_child_find(&nodes->supervisor->children, asker->ref))
		return false;
	if (asker->node[0] && strcmp(asker->node, node->name) != 0)
		return true;
	if (asker->correlation) {
		answer(nodes, asker, node->run, is_up ? 0 : -EHOSTUNREACH);
		return false;
	}
	if (asker->session)
		tell_run(asker, node, is_up);
	else
		tell_event(nodes, asker, node, is_up);
	return true;
}

static void remove_asker(struct asker **link)
{
	struct asker *asker = *link;

	*link = asker->next;
	if (asker->session)
		asker->session->gone = NULL;
	free(asker);
}

static void tell_all(struct nodes *nodes,
		     const struct trp_mesh_roster_node *node, bool is_up)
{
	struct asker **link = &nodes->askers;

	while (*link)
		if (tell(nodes, *link, node, is_up))
			link = &(*link)->next;
		else
			remove_asker(link);
}

static void on_up(void *user, const struct trp_mesh_roster_node *node)
{
	tell_all(user, node, true);
}

static void on_down(void *user, const struct trp_mesh_roster_node *node)
{
	tell_all(user, node, false);
}

static const struct trp_mesh_roster_calls calls = { on_up, on_down };

/* ---- what the mail actor attends to -------------------------------------- */

static void attend(struct nodes *nodes, const char *node, bool is_wanted)
{
	Troupe__Presence__Attend order = TROUPE__PRESENCE__ATTEND__INIT;

	if (!nodes->mail)
		return;
	order.node = (char *)node;
	order.is_over = !is_wanted;
	trp_notify_send(nodes->supervisor, trp_ref_slot(nodes->mail),
			&order.base);
}

static bool is_asked_for(const struct nodes *nodes, const char *node)
{
	const struct asker *asker;

	for (asker = nodes->askers; asker; asker = asker->next)
		if (strcmp(asker->node, node) == 0)
			return true;
	return false;
}

static void stop_expecting(struct nodes *nodes)
{
	struct trp_mesh_roster *roster = &nodes->roster;
	char name[TRP_PRESENCE_NODE_SIZE];

	for (size_t i = roster->count; i-- > 0;) {
		if (!roster->at[i]->is_expected ||
		    roster->at[i]->state == TRP_MESH_ROSTER_UP ||
		    is_asked_for(nodes, roster->at[i]->name))
			continue;
		strcpy(name, roster->at[i]->name);
		trp_mesh_roster_forget(roster, name);
		attend(nodes, name, false);
	}
}

static int tick(struct troupe_timer *timer);

/* Two nodes may be due at once, and a Resolve before a node. */
static void settle(struct nodes *nodes)
{
	struct trp_timers *timers = &nodes->supervisor->timers;
	bool wants_all = is_asked_for(nodes, "");
	struct troupe_time due = { nodes->roster.due.ns };
	const struct asker *asker;

	if (wants_all != nodes->wants_all) {
		nodes->wants_all = wants_all;
		attend(nodes, "", wants_all);
		if (!wants_all)
			trp_mesh_roster_sweep(&nodes->roster);
	}
	stop_expecting(nodes);
	for (asker = nodes->askers; asker; asker = asker->next)
		if (asker->correlation && asker->until.ns < due.ns)
			due = asker->until;
	nodes->due.fired = tick;
	if (due.ns < TRP_NEVER.ns)
		trp_timers_start(timers, &nodes->due, due);
	else
		trp_timers_cancel(timers, &nodes->due);
}

static int tick(struct troupe_timer *timer)
{
	struct nodes *nodes = timer->data;
	struct trp_time now = trp_time_now();
	struct asker **link = &nodes->askers;

	trp_mesh_roster_tick(&nodes->roster, now);
	while (*link) {
		if (!(*link)->correlation || (*link)->until.ns > now.ns) {
			link = &(*link)->next;
			continue;
		}
		answer(nodes, *link, 0, -ETIMEDOUT);
		remove_asker(link);
	}
	settle(nodes);
	return 0;
}

/* ---- askers -------------------------------------------------------------- */

static struct asker **find_monitor(struct nodes *nodes, troupe_ref ref,
				   const char *node)
{
	struct asker **link = &nodes->askers;

	while (*link && ((*link)->ref != ref || (*link)->correlation ||
			 strcmp((*link)->node, node) != 0))
		link = &(*link)->next;
	return link;
}

static void tell_known(struct nodes *nodes, const struct asker *asker)
{
	struct trp_mesh_roster *roster = &nodes->roster;

	for (size_t i = 0; i < roster->count; i++)
		if (roster->at[i]->state == TRP_MESH_ROSTER_UP)
			tell(nodes, asker, roster->at[i], true);
		else if (asker->node[0] &&
			 roster->at[i]->state == TRP_MESH_ROSTER_DOWN)
			tell(nodes, asker, roster->at[i], false);
}

/* Copies it.  NULL: -ENOMEM. */
static struct asker *add_asker(struct nodes *nodes, const struct asker *model)
{
	struct asker *asker = malloc(sizeof(*asker));
	bool is_new = !trp_mesh_roster_find(&nodes->roster, model->node);

	if (!asker || (model->node[0] &&
		       trp_mesh_roster_expect(&nodes->roster, model->node,
					      trp_time_now()) < 0)) {
		free(asker);
		return NULL;
	}
	*asker = *model;
	asker->next = nodes->askers;
	nodes->askers = asker;
	if (model->node[0] && is_new)
		attend(nodes, model->node, true);
	return asker;
}

static bool is_node(const char *name, bool may_be_all)
{
	return (may_be_all && !*name) || trp_presence_is_name(name);
}

static int on_monitor(struct trp_request *request)
{
	const Troupe__Nodes__Monitor *wish = request->message;
	struct nodes *nodes = request->module;
	struct asker model = { .ref = request->sender }, **link, *asker;

	if (!is_node(wish->node, true))
		return -EINVAL;
	link = find_monitor(nodes, request->sender, wish->node);
	if (wish->is_over) {
		if (*link)
			remove_asker(link);
		settle(nodes);
		return 0;
	}
	if (*link)
		return 0;
	strcpy(model.node, wish->node);
	asker = add_asker(nodes, &model);
	if (asker)
		tell_known(nodes, asker);
	settle(nodes);
	return asker ? 0 : -ENOMEM;
}

static int on_resolve(struct trp_request *request)
{
	enum { LATER = 1 };
	const Troupe__Nodes__Resolve *wish = request->message;
	struct nodes *nodes = request->module;
	const struct trp_mesh_roster_node *known;
	struct asker model = { .ref = request->sender,
			       .correlation = request->correlation,
			       .until = { wish->deadline } };
	int r;

	if (!is_node(wish->node, false))
		return -EINVAL;
	if (strcmp(wish->node, nodes->options->node) == 0) {
		request->answer = TRP_REF_SUPERVISOR;
		return 0;
	}
	known = trp_mesh_roster_find(&nodes->roster, wish->node);
	if (known && known->state == TRP_MESH_ROSTER_UP) {
		request->answer = (uint64_t)known->run << TRP_REF_NODE | 1;
		return 0;
	}
	if (known && known->state == TRP_MESH_ROSTER_DOWN)
		return -EHOSTUNREACH;
	strcpy(model.node, wish->node);
	r = add_asker(nodes, &model) ? LATER : -ENOMEM;
	settle(nodes);
	return r;
}

/* ---- sessions ------------------------------------------------------------ */

static void stop_listing(struct trp_control_session *session)
{
	struct nodes *nodes = session->module;
	struct asker **link = &nodes->askers;

	while (*link && (*link)->session != session)
		link = &(*link)->next;
	if (*link)
		remove_asker(link);
	settle(nodes);
}

static int list(struct trp_control_session *session)
{
	return TRP_CONTROL_LATER;
}

static int tell_self(struct nodes *nodes, struct trp_control_session *session)
{
	Troupe__Nodes__Run run = TROUPE__NODES__RUN__INIT;
	Troupe__Presence__Words words = TROUPE__PRESENCE__WORDS__INIT;
	const struct trp_node *node = &nodes->supervisor->node;
	uint8_t bytes[256];

	run.node = (char *)nodes->options->node;
	run.run = trp_ref_node(trp_ref_here);
	run.is_self = true;
	words.version = (char *)TROUPE_VERSION;
	words.application = node->main ? "" : basename(node->argv[0]);
	run.words.data = bytes;
	if (troupe__presence__words__get_packed_size(&words) <= sizeof(bytes))
		run.words.len = troupe__presence__words__pack(&words, bytes);
	return trp_control_server_say(session, &run.base);
}

static int ask_list(struct trp_control_session *session, const void *message)
{
	struct nodes *nodes = session->module;
	const struct asker model = { .session = session };
	struct asker *asker;
	int r = tell_self(nodes, session);

	if (r < 0)
		return r;
	asker = add_asker(nodes, &model);
	if (!asker)
		return -ENOMEM;
	session->gone = stop_listing;
	session->more = list;
	tell_known(nodes, asker);
	settle(nodes);
	return TRP_CONTROL_MORE;
}

/* ---- news of the mail actor ---------------------------------------------- */

static struct nodes *nodes_of(const struct trp_request *request)
{
	struct nodes *nodes = request->module;
	const struct trp_arena *arena = &nodes->supervisor->node.arena;

	return trp_ref_in_node(request->sender) == trp_status_mail(arena)
		       ? nodes
		       : NULL;
}

/* A new process attends to nobody. */
static int on_begin(struct trp_request *request)
{
	struct nodes *nodes = nodes_of(request);
	struct trp_mesh_roster *roster;

	if (!nodes)
		return -EPERM;
	roster = &nodes->roster;
	nodes->mail = request->sender;
	trp_mesh_roster_link(roster, false, trp_time_now());
	if (nodes->wants_all)
		attend(nodes, "", true);
	for (size_t i = 0; i < roster->count; i++)
		if (roster->at[i]->is_expected)
			attend(nodes, roster->at[i]->name, true);
	settle(nodes);
	return 0;
}

static int on_link(struct trp_request *request)
{
	const Troupe__Presence__Link *link = request->message;
	struct nodes *nodes = nodes_of(request);

	if (!nodes)
		return -EPERM;
	trp_mesh_roster_link(&nodes->roster, link->is_up, trp_time_now());
	settle(nodes);
	return 0;
}

static int on_here(struct trp_request *request)
{
	const Troupe__Presence__Here *here = request->message;
	struct nodes *nodes = nodes_of(request);
	struct trp_presence_heard heard = { .number = here->run,
					    .words = here->words.data,
					    .length = here->words.len };
	const struct trp_mesh_roster_node *known;
	int r;

	if (!nodes)
		return -EPERM;
	if (!is_node(here->node, false) || !here->run)
		return -EBADMSG;
	known = trp_mesh_roster_find(&nodes->roster, here->node);
	if (!nodes->wants_all && (!known || !known->is_expected))
		return 0; /* nobody asks for it any more */
	strcpy(heard.node, here->node);
	r = trp_mesh_roster_here(&nodes->roster, &heard);
	if (r < 0 && !nodes->is_loss_told)
		troupe_log(TROUPE_WARNING,
			   "node %s, and perhaps others, is not kept: %s",
			   here->node, strerror(-r));
	nodes->is_loss_told |= r < 0;
	settle(nodes);
	return 0;
}

static int on_gone(struct trp_request *request)
{
	const Troupe__Presence__Gone *gone = request->message;
	struct nodes *nodes = nodes_of(request);

	if (!nodes)
		return -EPERM;
	trp_mesh_roster_gone(&nodes->roster, gone->node, gone->run);
	settle(nodes);
	return 0;
}

/* ---- the beginning and the end ------------------------------------------- */

static int open_nodes(struct trp_supervisor *supervisor,
		      const struct trp_options *options, void **ret_state)
{
	int64_t outage_ms =
		options->mesh.outage_ms ? options->mesh.outage_ms : OUTAGE_MS;
	int r = trp_mail_module_is_wanted(options);
	struct nodes *nodes;

	if (r <= 0)
		return r;
	nodes = calloc(1, sizeof(*nodes));
	if (!nodes)
		return -ENOMEM;
	nodes->supervisor = supervisor;
	nodes->options = options;
	nodes->due.data = nodes;
	trp_mesh_roster_init(&nodes->roster, outage_ms * 1000000, &calls,
			     nodes);
	*ret_state = nodes;
	return 0;
}

static void close_nodes(void *state)
{
	struct nodes *nodes = state;

	trp_timers_cancel(&nodes->supervisor->timers, &nodes->due);
	while (nodes->askers)
		remove_asker(&nodes->askers);
	trp_mesh_roster_fini(&nodes->roster);
	free(nodes);
}

static const ProtobufCMessageDescriptor *const types[] = {
	&troupe__beacon_event__descriptor,
	&troupe__presence__attend__descriptor,
	&troupe__service__find__descriptor,
	&troupe__service__address__descriptor,
	&troupe__service__start__descriptor,
	&troupe__service__found__descriptor,
	&troupe__service__show__descriptor,
	&troupe__service__shown__descriptor,
	NULL,
};

static const struct trp_request_kind requests[] = {
	{ &troupe__presence__begin__descriptor, .handle = on_begin },
	{ &troupe__presence__link__descriptor, .handle = on_link },
	{ &troupe__presence__here__descriptor, .handle = on_here },
	{ &troupe__presence__gone__descriptor, .handle = on_gone },
	{ &troupe__nodes__monitor__descriptor, .handle = on_monitor },
	{ &troupe__nodes__resolve__descriptor, .handle = on_resolve },
	{ &troupe__nodes__list__descriptor, .ask = ask_list },
	{ 0 },
};

const struct trp_module trp_mesh_nodes_module = {
	.closed = "this node is in no mesh whose bus carries mail: it was "
		  "started without --mesh and --beacon, or with serf://",
	.types = types,
	.requests = requests,
	.open = open_nodes,
	.close = close_nodes,
};
